"""The coverage table is of this program."""

from __future__ import annotations

from groundplan.rehearsal.coverage import facts, page
from groundplan.rehearsal.coverage.program import resource_types

_ANSWERED_BY_ERROR = {
    ("aws:amp/scraper:Scraper", "destroyed"),
    ("aws:fsx/lustreFileSystem:LustreFileSystem", "destroyed"),
}
"""The emulator ends the provider's wait of eight or ten minutes by an error, and errors are not recorded."""
_LARGEST_SHARE = 0.03
_RECORD = "python -m groundplan.rehearsal.coverage dev staging prod; make reference"


def test_the_record_is_of_this_program() -> None:
    """No type in it has left the program; of each call it is known who answered."""
    recorded = facts.recorded()
    assert set(recorded.types) <= resource_types(), _RECORD
    silent = {
        (token, stage)
        for token, of_type in recorded.types.items()
        for stage in of_type.resources
        if of_type.calls.get(stage) and not recorded.origins(token, stage)
    }
    assert silent <= _ANSWERED_BY_ERROR, _RECORD
    uncalled = {token for token, of_type in recorded.types.items() if not of_type.calls.get("created")}
    assert uncalled <= set(page.NOT_REHEARSABLE)


def test_nearly_all_types_are_rehearsed() -> None:
    """What no recording shows has a reason that a person wrote, and is a small part."""
    recorded = facts.recorded()
    missing = {token for token in resource_types() if not recorded.rehearsable(token)}
    assert missing == set(page.NOT_REHEARSABLE), _RECORD
    assert len(missing) <= _LARGEST_SHARE * len(resource_types())
