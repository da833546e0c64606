"""`python -m groundplan.audit.second_opinion STATE.json`: what auditors say about a state."""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from groundplan.audit.second_opinion import prowler, state
from groundplan.audit.second_opinion.prowler import SERVICES, Survey
from groundplan.audit.second_opinion.report import Finding, Report, second_opinion
from groundplan.audit.second_opinion.reviewed import short_name
from groundplan.errors import ExitCode, GroundplanError
from groundplan.progress import console

_PIPE_WIDTH = 160


def show(
    file: Annotated[Path, typer.Argument(metavar="STATE.json", help="What `pulumi stack export` wrote.")],
    account: Annotated[
        bool, typer.Option("--account", help="Ask prowler, too, about the account of this shell (minutes).")
    ] = False,
    services: Annotated[
        list[str] | None,
        typer.Option("--service", help="Only this service of prowler's; repeat it for more."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show what checkov says about a state, and prowler about the account that it describes.

    Ends with 5 if it objects to something that policies/second_opinion.yaml does not answer.

    Example: python -m groundplan.audit.second_opinion state.json
    """
    try:
        document = state.read(file)
        resources = state.resources(document)
        survey = (
            prowler.on_account(resources, os.environ, console.print, services or SERVICES)
            if account
            else None
        )
        found = second_opinion(document, more=survey.opinions if survey else (), report=console.print)
    except GroundplanError as error:
        console.print(f"[bold red]error:[/] {error.message}", soft_wrap=True)
        if error.log:
            console.print(error.log.rstrip(), style="dim", markup=False, soft_wrap=True)
        if error.hint:
            console.print(f"[bold]next:[/] {error.hint}", soft_wrap=True)
        raise typer.Exit(error.exit_code) from None
    if as_json:
        typer.echo(json.dumps(as_document(found, survey), indent=2))
    else:
        _print(found, survey)
    raise typer.Exit(ExitCode.POLICY if found.unanswered else ExitCode.OK)


def as_document(found: Report, survey: Survey | None = None) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "auditors": dict(found.auditors),
        "opinions": [asdict(opinion) for opinion in found.opinions],
        "findings": [
            {
                **asdict(each.opinion),
                "judgement": each.answer.judgement if each.answer else None,
                "reason": each.answer.reason if each.answer else None,
            }
            for each in found.findings
        ],
        "not_converted": list(found.not_converted),
        "elsewhere": [asdict(opinion) for opinion in survey.elsewhere] if survey else [],
        "not_asked": list(survey.errors) if survey else [],
    }


def _print(found: Report, survey: Survey | None) -> None:
    out = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    passed = sum(opinion.passed for opinion in found.opinions)
    names = ", ".join(f"{name} {version}" for name, version in found.auditors.items())
    out.print(f"{names or 'No auditor'}: {len(found.opinions)} opinions, {passed} passed\n")
    table = Table("check", "title", "resources", "judgement", "reason", box=None)
    grouped: defaultdict[tuple[str, str, str, str], list[Finding]] = defaultdict(list)
    for each in found.findings:
        answer = (each.answer.judgement, each.answer.reason) if each.answer else ("[red]unanswered[/]", "")
        grouped[each.opinion.check_id, each.opinion.title, *answer].append(each)
    for (check_id, title, judgement, reason), findings in sorted(grouped.items()):
        table.add_row(check_id, title, _names(findings), judgement, reason)
    out.print(table)
    for urn in found.not_converted:
        out.print(f"not shown to an auditor: {urn}")
    if survey:
        out.print(f"{len(survey.elsewhere)} verdicts of prowler are about nothing in this state.")
        for error in survey.errors:
            out.print(f"prowler could not ask: {error}", markup=False)


def _names(findings: Sequence[Finding]) -> str:
    first, *others = sorted(short_name(each.opinion.resource_urn) for each in findings)
    return f"{first} and {len(others)} more" if others else first


if __name__ == "__main__":
    typer.run(show)
