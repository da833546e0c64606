"""The page of the facts: each AWS type of the program, and what a rehearsal shows of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from groundplan.rehearsal.coverage.facts import STAGES, Facts
from groundplan.rehearsal.emulator.patching import Origin

NOT_REHEARSABLE: Mapping[str, str] = {
    "aws:ec2/capacityReservation:CapacityReservation": "no stack here buys a pool as reserved;"
    " `tests/rehearsal/test_pulumi_aws.py` plays one to its end, in its program of many AWS types",
    "aws:msk/topic:Topic": "where the provider is older than the type, our adapter makes its calls, and the"
    " provider's log knows nothing of them; `tests/rehearsal/test_data_services.py` plays one to its end",
}
"""Types that the recordings do not show, and why: the one thing about them that no run can tell."""
_COMMAND = "python -m groundplan.rehearsal.coverage dev staging prod"

_HEAD = """# What a rehearsal covers

Each AWS type that `infra/` uses, and what happened to it when whole stacks were played through the AWS
provider's own code: {runs}. A number says how many resources; the word after it, who answered the calls that
the provider made for them:

- `moto`: moto, as it is;
- `ours`: our [extension of the emulator](../../groundplan/rehearsal/emulator/__init__.py), or moto with an
  amendment of ours, for one of these calls at least.

`-` means that it was not seen, `no call` that the provider makes none. `updated` is in place, after the owner
and many settings were changed. Nothing here is written by hand:
`{command}` plays the stacks and records it, `make reference` writes the page."""


def render(facts: Facts, tokens: Iterable[str]) -> str:
    """The page as Markdown.

    Args:
        facts: of the last recording.
        tokens: every type that the program uses.
    """
    listed = sorted(tokens)
    rows = "\n".join(_row(facts, token) for token in listed)
    missing = sorted(token for token in listed if not facts.rehearsable(token))
    return (
        "\n\n".join(
            [
                _HEAD.format(runs=_runs(facts), command=_COMMAND),
                _summary(facts, listed),
                f"| type | {' | '.join(STAGES)} |\n| --- |{' --- |' * len(STAGES)}\n{rows}",
                "## Not rehearsable",
                _not_rehearsable(missing, len(listed)),
                "## Updates that failed",
                "\n".join(sorted({_failure(failure) for failure in facts.failures})) or "None.",
            ]
        )
        + "\n"
    )


def origin(facts: Facts, token: str) -> str:
    """Who answers for a type altogether."""
    found = set().union(*(facts.origins(token, stage) for stage in STAGES))
    return _word(found)


def _row(facts: Facts, token: str) -> str:
    happened = facts.of(token).resources
    cells = [
        f"{happened[stage]} {_word(facts.origins(token, stage))}" if happened.get(stage) else "-"
        for stage in STAGES
    ]
    return f"| `{token}` | {' | '.join(cells)} |"


def _word(origins: set[Origin]) -> str:
    if not origins:
        return "no call"
    return "ours" if origins & {Origin.OURS, Origin.AMENDED} else "moto"


def _failure(message: str) -> str:
    """A failed update in a line: the type, and the call that AWS' emulator refused."""
    call = re.search(r"operation error ([^,]+),", message)
    return f"- `{message.partition(': ')[0]}`: {call[1] if call else ' '.join(message.split())}"


def _runs(facts: Facts) -> str:
    stacks = " and ".join(f"{name} ({count} resources)" for name, count in sorted(facts.runs.items()))
    versions = ", ".join(f"{name} {version}" for name, version in sorted(facts.versions.items()))
    return f"{stacks}, with {versions}"


def _summary(facts: Facts, tokens: list[str]) -> str:
    seen = [token for token in tokens if facts.rehearsable(token)]
    ours = sum(origin(facts, token) == "ours" for token in seen)
    updated = sum("updated" in facts.of(token).resources for token in seen)
    return (
        f"**{len(seen)} of {len(tokens)} types** are created, read, refreshed without drift and destroyed:"
        f" {len(seen) - ours} on moto itself, {ours} with our extension. {updated} are also updated in place."
    )


def _not_rehearsable(missing: list[str], count: int) -> str:
    if not missing:
        return "None."
    rows = "\n".join(f"| `{token}` | {NOT_REHEARSABLE.get(token, 'not recorded')} |" for token in missing)
    share = f"{len(missing)} of {count} types ({len(missing) / count:.1%})."
    return f"{share}\n\n| type | why |\n| --- | --- |\n{rows}"
