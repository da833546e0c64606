"""`groundplan rehearse recovery`: play the drill, and show what it measured beside the targets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from groundplan.errors import ExitCode, GroundplanError
from groundplan.progress import Progress, console

if TYPE_CHECKING:
    from groundplan.rehearsal.scenario.record import StepRecord

_MINUTE_S = 60
_READ_IN_MINUTES_S = 2 * _MINUTE_S


def recovery(
    environment: Annotated[str, typer.Argument(help="A stack with `recovery` in its settings.")],
    rehearsal_id: Annotated[
        str | None, typer.Option("--id", help="Name of the rehearsal (default: <environment>-recovery).")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Stop after this step and leave all running.")] = None,
    replication_delay_s: Annotated[
        float, typer.Option(min=0, help="Assume that S3 copies an object after so many seconds.")
    ] = 5,
    backup_age_minutes: Annotated[
        float, typer.Option(min=0, help="Assume that the last backup was so long ago.")
    ] = 0,
    write_s: Annotated[float, typer.Option(min=2, help="Write to the lake for so many seconds.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Lose the region of an environment, follow the runbook, and measure time and data against the targets.

    Ends with 4 if a target is missed.

    Examples:
        groundplan rehearse recovery prod

        groundplan rehearse recovery prod --replication-delay-s 900 --backup-age-minutes 1500
    """
    from groundplan.rehearsal.recovery.drill import Circumstances, require_second_region, steps
    from groundplan.rehearsal.rehearse import Outcome, rehearse
    from groundplan.rehearsal.scenario.player import first_error

    require_second_region(environment)
    assumed = Circumstances(
        replication_delay_s=replication_delay_s, backup_age_minutes=backup_age_minutes, write_s=write_s
    )

    def show(outcome: Outcome) -> None:
        document = _document(outcome.records, outcome.report)
        if as_json:
            typer.echo(json.dumps(document, indent=2))
        else:
            _print(document)

    outcome = rehearse(
        environment,
        rehearsal_id or f"{environment}-recovery",
        Progress(),
        until,
        "aws",
        show=show,
        scenario=steps(assumed),
    )
    error = first_error(outcome.records)
    if error:
        hint = "What the settings promise, and why: docs/runbooks/recover-in-the-second-region.md"
        raise GroundplanError(error.message, log=error.log, hint=hint, exit_code=ExitCode.DEPLOYMENT)


def _document(records: list[StepRecord], report: Path) -> dict[str, Any]:
    figures = {record.name: record.figures for record in records}
    return {
        "targets": figures.get("measure", {}).get("targets", []),
        "lake": figures.get("measure", {}).get("lake"),
        "recovery_point": figures.get("measure", {}).get("recovery_point"),
        "seconds_by_section": figures.get("recover", {}).get("seconds", {}),
        "assumed": figures.get("lose", {}).get("assumed"),
        "steps": [record.as_json() for record in records],
        "report": str(report),
    }


def _print(document: dict[str, Any]) -> None:
    sections = Table("in the second region", "seconds", box=None)
    for title, seconds in document["seconds_by_section"].items():
        sections.add_row(title, f"{seconds:.0f}")
    console.print(sections)
    held = Table("target", "at most", "measured", "promised", "", box=None)
    for each in document["targets"]:
        mark = "[green]✓[/]" if each["met"] else "[red]✗[/]"
        promised = _time(each["promised_s"]) if each["promised_s"] else "-"
        held.add_row(each["what"], _time(each["target_s"]), _time(each["measured_s"]), promised, mark)
    console.print(held)
    for each in document["targets"]:
        console.print(f"[dim]{each['what']}: {each['limits']}[/]", soft_wrap=True)
    if document["lake"]:
        lake = document["lake"]
        console.print(f"{lake['objects']} of {lake['written']} objects lost.")
    console.print(f"Report: {document['report']}", soft_wrap=True)


def _time(seconds: float) -> str:
    return f"{seconds / _MINUTE_S:.0f} min" if seconds >= _READ_IN_MINUTES_S else f"{seconds:.1f} s"
