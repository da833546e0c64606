"""The engine's events become counts, times, outputs and the error that matters."""

from __future__ import annotations

from typing import Any

from groundplan.rehearsal.pulumi_events import EventLog, Tally
from groundplan.rehearsal.stack import StackResult

_PREFIX = "urn:pulumi:dev::groundplan::"
_STACK = f"{_PREFIX}pulumi:pulumi:Stack::groundplan-dev"
_VPC = f"{_PREFIX}groundplan:aws:Network$aws:ec2/vpc:Vpc::main::x"


def _step(urn: str, operation: str, **more: object) -> dict[str, Any]:
    return {"metadata": {"urn": urn, "op": operation, "type": urn.split("::")[2], **more}}


def _message(severity: str, message: str, urn: str = "") -> dict[str, Any]:
    return {"diagnosticEvent": {"severity": severity, "message": message, "urn": urn}}


def test_resources_are_timed_and_counted() -> None:
    """Seconds run from a resource's beginning to its end; the watcher hears of both."""
    heard: list[Tally] = []
    log = EventLog(on_tally=heard.append)
    log.add({"resourcePreEvent": _step(_VPC, "create")}, 10.0)
    log.add({"resOutputsEvent": _step(_VPC, "create")}, 22.5)
    log.add({"summaryEvent": {"resourceChanges": {"create": 1, "update": 0}}}, 23.0)
    assert [(run.type, run.name, run.seconds, run.failed) for run in log.runs] == [
        ("aws:ec2/vpc:Vpc", "main::x", 12.5, False)
    ]
    assert [(tally.begun, tally.done) for tally in heard] == [(1, 0), (1, 1)]
    assert log.changes == {"create": 1}


def test_what_differs_is_named() -> None:
    """A change tells the names of its properties, and none of their values."""
    log = EventLog()
    log.add({"resOutputsEvent": _step(_VPC, "same", diffs=None)}, 1.0)
    log.add({"resOutputsEvent": _step(_VPC, "update", diffs=["tags", "cidrBlock"])}, 2.0)
    result = StackResult(
        command="pulumi refresh",
        exit_code=0,
        seconds=1.0,
        changes={"same": 1, "update": 1},
        resources=tuple(log.runs),
        outputs={},
        diagnostics=(),
    )
    assert result.changed == 1
    assert result.differences == ("update aws:ec2/vpc:Vpc main::x tags cidrBlock",)


def test_outputs_are_those_of_the_stack() -> None:
    """The stack's own resource carries them."""
    log = EventLog()
    log.add({"resOutputsEvent": _step(_VPC, "same", new={"outputs": {"id": "vpc-1"}})}, 1.0)
    log.add(
        {
            "resOutputsEvent": {
                "metadata": {
                    "urn": _STACK,
                    "op": "same",
                    "type": "pulumi:pulumi:Stack",
                    "new": {"outputs": {"region": "eu-central-1"}},
                }
            }
        },
        2.0,
    )
    assert log.outputs == {"region": "eu-central-1"}


def test_first_error_is_the_cause() -> None:
    """Neither the engine's summary nor a call that was cut off hides the cause; colours are removed."""
    log = EventLog()
    log.add(_message("error", "error reading from server: EOF", _STACK), 1.0)
    log.add(_message("error", "<{%reset%}>role is missing<{%reset%}>\n", _VPC), 2.0)
    log.add(_message("error", "update failed", _STACK), 3.0)
    found = log.first_error()
    assert found is not None
    assert (found.message, found.urn) == ("role is missing", _VPC)


def test_consequence_is_better_than_nothing() -> None:
    """When there is only a summary, it is the error."""
    log = EventLog()
    log.add(_message("error", "update failed"), 1.0)
    found = log.first_error()
    assert found is not None
    assert found.message == "update failed"
    assert EventLog().first_error() is None


def test_failed_resource_is_marked() -> None:
    """A failed operation counts as done, and as failed."""
    log = EventLog()
    log.add({"resourcePreEvent": _step(_VPC, "create")}, 1.0)
    log.add({"resOpFailedEvent": _step(_VPC, "create")}, 2.0)
    assert [run.failed for run in log.runs] == [True]
