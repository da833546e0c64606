"""The engine's event log: what a Pulumi operation did, as typed facts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_COLOUR = re.compile(r"<\{%.*?%\}>")
_STACK_TYPE = "pulumi:pulumi:Stack"
_CONSEQUENCES = ("update failed", "preview failed", "refresh failed", "destroy failed", "EOF", "Unavailable")
"""What errors say that only follow from another: the engine's summary, and calls that were under way."""


@dataclass(frozen=True, kw_only=True)
class ResourceRun:
    """What happened to one resource.

    Args:
        urn: its URN.
        operation: `create`, `update`, `delete`, `replace`, `refresh`, `same`, ...
        seconds: how long the provider took; 0 for `same`.
        failed: whether it failed.
        properties: names of those that differ; empty where the operation is not about any.
    """

    urn: str
    operation: str
    seconds: float
    failed: bool = False
    properties: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """Its type token."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.split("::", 3)[3]


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """A message of the engine, a provider or the program.

    Args:
        severity: `error`, `warning`, `info` or `info#err`.
        message: without colours.
        urn: the resource concerned; empty if there is none.
    """

    severity: str
    message: str
    urn: str = ""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How far an operation is; for people who watch.

    Args:
        begun: resources at work or done.
        done: of these, done.
        latest: the resource that began or ended last.
    """

    begun: int
    done: int
    latest: str


@dataclass
class EventLog:
    """Collects events as the engine writes them."""

    on_tally: Callable[[Tally], None] = lambda _: None
    runs: list[ResourceRun] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    _began: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, event: Mapping[str, Any], time: float) -> None:
        """Take in one event.

        Args:
            event: as the engine writes it.
            time: when it came, in seconds of a monotonic clock; the event's own stamp has no fractions.
        """
        match event:
            case {"resourcePreEvent": {"metadata": step}}:
                self._began.setdefault((step["urn"], step["op"]), time)
                self._tell(step["urn"])
            case {"resOutputsEvent": {"metadata": step}}:
                self._end(step, time, failed=False)
            case {"resOpFailedEvent": {"metadata": step}}:
                self._end(step, time, failed=True)
            case {"diagnosticEvent": message} if not message.get("ephemeral"):
                self.diagnostics.append(
                    Diagnostic(
                        severity=message["severity"],
                        message=plain_text(message.get("message", "")),
                        urn=message.get("urn", ""),
                    )
                )
            case {"summaryEvent": summary}:
                self.changes = {name: count for name, count in summary["resourceChanges"].items() if count}

    def first_error(self) -> Diagnostic | None:
        """The error that explains the failure: the first that is not a mere consequence of another."""
        errors = [found for found in self.diagnostics if found.severity == "error"]
        causes = [found for found in errors if not any(word in found.message for word in _CONSEQUENCES)]
        return next(iter(causes or errors), None)

    def _end(self, step: Mapping[str, Any], time: float, *, failed: bool) -> None:
        urn, operation = step["urn"], step["op"]
        began = self._began.get((urn, operation), time)
        self.runs.append(
            ResourceRun(
                urn=urn,
                operation=operation,
                seconds=round(time - began, 3),
                failed=failed,
                properties=tuple(step.get("diffs") or ()),
            )
        )
        if step.get("type") == _STACK_TYPE and step.get("new"):
            self.outputs = dict(step["new"].get("outputs") or {})
        self._tell(urn)

    def _tell(self, urn: str) -> None:
        self.on_tally(Tally(begun=len(self._began), done=len(self.runs), latest=urn.split("::", 3)[-1]))


def plain_text(text: str) -> str:
    """A message without the engine's marks of colour."""
    return _COLOUR.sub("", text).strip()
