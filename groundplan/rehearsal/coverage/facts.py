"""What rehearsals showed of each AWS type, and the file that keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from groundplan.rehearsal.emulator.patching import Origin, strongest

FOLDER = Path(__file__).with_name("recorded")
STAGES = ("created", "read", "updated", "refreshed", "destroyed")


@dataclass
class TypeFacts:
    """What happened to resources of one type.

    Args:
        resources: stage -> how many resources went through it.
        calls: stage -> the calls to AWS that the provider made for it, each once; refreshing makes those of
            reading.
    """

    resources: dict[str, int] = field(default_factory=dict)
    calls: dict[str, list[str]] = field(default_factory=dict)

    def add(self, stage: str, calls: set[str]) -> None:
        """One more resource went through a stage, with these calls."""
        self.resources[stage] = self.resources.get(stage, 0) + 1
        self.calls[stage] = sorted({*self.calls.get(stage, ()), *calls})


@dataclass
class Facts:
    """The facts of some rehearsals.

    Args:
        versions: of the provider and of moto.
        runs: environment -> how many resources it had.
        types: by type token of pulumi-aws.
        answered: call -> who answered it, in any of the runs.
        failures: types whose update in place failed, and how.
    """

    versions: dict[str, str] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    types: dict[str, TypeFacts] = field(default_factory=dict)
    answered: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def of(self, token: str) -> TypeFacts:
        """The facts of one type; none if it never happened."""
        return self.types.get(token, TypeFacts())

    def origins(self, token: str, stage: str) -> set[Origin]:
        """Who answered the calls of a stage; refreshing is reading again."""
        found = self.of(token).calls.get("read" if stage == "refreshed" else stage, ())
        return {Origin(self.answered[call]) for call in found if call in self.answered}

    def rehearsable(self, token: str) -> bool:
        """Whether it was created, read, refreshed without drift, and destroyed."""
        happened = self.of(token).resources
        return all(happened.get(stage) for stage in STAGES if stage != "updated")

    def note_answers(self, answers: Mapping[str, Iterable[Origin]]) -> None:
        """Take in who answered; what was amended or ours in one case counts as such."""
        for call, origins in answers.items():
            known = {*origins, *({Origin(self.answered[call])} if call in self.answered else ())}
            self.answered[call] = str(strongest(known))

    def take_in(self, other: Facts) -> None:
        """Add the facts of another recording."""
        self.versions |= other.versions
        self.runs |= other.runs
        self.failures = sorted({*self.failures, *other.failures})
        self.note_answers({call: {Origin(who)} for call, who in other.answered.items()})
        for token, theirs in other.types.items():
            ours = self.types.setdefault(token, TypeFacts())
            for stage, count in theirs.resources.items():
                ours.resources[stage] = ours.resources.get(stage, 0) + count
            for stage, calls in theirs.calls.items():
                ours.calls[stage] = sorted({*ours.calls.get(stage, ()), *calls})


def recorded(folder: Path = FOLDER) -> Facts:
    """The facts of all recordings together."""
    together = Facts()
    for file in sorted(folder.glob("*.json")):
        together.take_in(load(file))
    return together


def load(file: Path) -> Facts:
    """Read the facts of one recording."""
    kept: dict[str, Any] = json.loads(file.read_text())
    types = {token: TypeFacts(**facts) for token, facts in kept.pop("types").items()}
    return Facts(**kept, types=types)


def save(facts: Facts, file: Path) -> None:
    """Write them, in an order of their own, so that two recordings can be compared."""
    used = {call for each in facts.types.values() for calls in each.calls.values() for call in calls}
    facts.answered = {call: who for call, who in facts.answered.items() if call in used}
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(asdict(facts), indent=1, sort_keys=True) + "\n")
