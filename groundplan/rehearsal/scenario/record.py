"""Evidence of one step: what was run, what was measured, what had to be true."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Status(StrEnum):
    """How a step stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class CommandRun(BaseModel):
    """A command as a person would type it in the rehearsal's shell, and how it went."""

    model_config = ConfigDict(extra="forbid")

    line: str
    exit_code: int
    seconds: float


class Check(BaseModel):
    """Something that must hold.

    Attributes:
        what: the sentence that is checked.
        expected: what it must be, as text.
        actual: what it was, as text.
        passed: whether the two agree.
    """

    model_config = ConfigDict(extra="forbid")

    what: str
    expected: str
    actual: str
    passed: bool


class StepRecord(BaseModel):
    """Everything that a step leaves behind; one JSON file each below `evidence/`."""

    model_config = ConfigDict(extra="forbid")

    name: str
    title: str
    status: Status = Status.RUNNING
    started: datetime = Field(default_factory=lambda: datetime.now(UTC))
    finished: datetime | None = None
    attempt: int = 1
    commands: list[CommandRun] = Field(default_factory=list)
    checks: list[Check] = Field(default_factory=list)
    figures: dict[str, Any] = Field(default_factory=dict)
    error: str | None = None

    @property
    def seconds(self) -> float:
        """Wall time of the step."""
        return ((self.finished or datetime.now(UTC)) - self.started).total_seconds()

    def as_json(self) -> dict[str, Any]:
        """All of it, and its wall time, as JSON values."""
        return {**self.model_dump(mode="json"), "seconds": round(self.seconds, 2)}

    def ran(self, line: str, *, exit_code: int, seconds: float) -> None:
        """Note a command as a person would type it."""
        self.commands.append(CommandRun(line=line, exit_code=exit_code, seconds=seconds))

    def check(self, what: str, *, expected: object, actual: object, passed: bool | None = None) -> bool:
        """Note whether something holds; without `passed` the two values must be equal."""
        holds = expected == actual if passed is None else passed
        self.checks.append(Check(what=what, expected=str(expected), actual=str(actual), passed=holds))
        return holds

    def save(self, folder: Path, order: int) -> None:
        """Write `<order>-<name>.json`, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{order:02d}-{self.name}.json"
        partial = target.with_suffix(".json.partial")
        partial.write_text(self.model_dump_json(indent=2) + "\n")
        partial.replace(target)


def load_records(folder: Path) -> list[StepRecord]:
    """All records of a rehearsal in the order of the scenario."""
    return [StepRecord.model_validate_json(path.read_text()) for path in sorted(folder.glob("*.json"))]
