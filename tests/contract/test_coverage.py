"""The coverage table is of this program."""

from __future__ import annotations

from groundplan.rehearsal.coverage import facts
from groundplan.rehearsal.coverage.program import resource_types

_RECORD = "python -m groundplan.rehearsal.coverage dev staging prod; make reference"


def test_the_record_is_of_this_program() -> None:
    """No type in it has left the program; of each call it is known who answered."""
    recorded = facts.recorded()
    assert set(recorded.types) <= resource_types(), _RECORD
    silent = [
        (token, stage)
        for token, of_type in recorded.types.items()
        for stage in of_type.resources
        if of_type.calls.get(stage) and not recorded.origins(token, stage)
    ]
    assert silent == [], _RECORD
    assert [token for token, of_type in recorded.types.items() if not of_type.calls.get("created")] == []
