"""Audits a stack: a table or JSON on stdout, all formats in a folder, findings as an exit code."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from groundplan.audit import sources, terminal
from groundplan.audit.drift import DriftFact
from groundplan.audit.live import from_account
from groundplan.audit.opinions import SecondOpinionFact
from groundplan.audit.pack import load_pack
from groundplan.audit.report import Audit, make_report
from groundplan.audit.sources import Source
from groundplan.errors import ExitCode, GroundplanError
from groundplan.progress import console as progress
from policies.core.catalog import all_rules
from policies.core.evaluation import Verdict
from policies.core.rule import Rule
from policies.core.settings import PackSettings

Auditors = Callable[[Source, Sequence[Rule], Sequence[Verdict]], SecondOpinionFact]
PIPE_WIDTH = 160
"""Columns where no terminal says how many there are."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asked for on the command line, beside the source.

    Args:
        as_json: JSON on stdout in the place of tables.
        out: folder for all formats.
        waivers: another register than the pack's.
        today: another day than today, for waivers.
        drift: how the account differs from the state, if the source is the account.
        second_opinion: show the same state to auditors that share no code with us.
        prowler: ask prowler, too, about the account.
    """

    as_json: bool = False
    out: Path | None = None
    waivers: Path | None = None
    today: dt.date | None = None
    drift: Sequence[DriftFact] | None = None
    second_opinion: bool = False
    prowler: bool = False


def run(source: Source, request: Request) -> None:
    """Judge, show, and write what was asked for.

    Raises:
        GroundplanError: a file of the pack is wrong (exit code 2), or the audit failed (5).
    """
    audit = judge_source(
        source,
        waivers=request.waivers,
        today=request.today,
        drift=request.drift,
        auditors=_auditors(request),
    )
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    if request.as_json:
        console.file.write(audit.model_dump_json(indent=2) + "\n")
    else:
        terminal.show(console, audit)
    if request.out:
        write_all(audit, request.out)
        progress.print(f"Page, JSON, SARIF, JUnit and OSCAL: {request.out}", soft_wrap=True)
    if not audit.passed:
        raise _failure(audit)


def _auditors(request: Request) -> Auditors | None:
    """Who is asked beside us, if anybody."""
    if not (request.second_opinion or request.prowler):
        return None
    from groundplan.audit.auditors import ask  # noqa: PLC0415 - it takes long to import, and is needed seldom

    return partial(ask, prowler=request.prowler, report=progress.print)


def judge_source(
    source: Source,
    *,
    waivers: Path | None = None,
    today: dt.date | None = None,
    drift: Sequence[DriftFact] | None = None,
    auditors: Auditors | None = None,
) -> Audit:
    """Ask all rules about a source. Only a preview may leave checks open.

    Args:
        source: what is judged.
        waivers: another register than the pack's.
        today: another day than today, for waivers.
        drift: how the account differs from the state, for the report.
        auditors: asked for a second opinion on the same source.

    Raises:
        GroundplanError: settings or waivers are malformed; then nothing passes.
    """
    pack = load_pack(waivers, today)
    asked = [rule for rule in pack.rules if source.kind != "cluster" or "kubernetes:*" in rule.types]
    verdicts = pack.judge(source.environment, source.resources, asked)
    budget = _budget(pack.settings, source)
    second = auditors(source, asked, verdicts) if auditors else None
    return make_report(
        source, asked, verdicts, pack.waivers, budget=budget, drift=drift, second_opinion=second
    )


def _budget(settings: PackSettings, source: Source) -> int:
    """Mandatory checks that may be left open: in a preview alone."""
    return settings.not_evaluated_budget.get(source.environment, 0) if source.kind == "preview" else 0


def write_all(audit: Audit, folder: Path) -> None:
    """Write the report in every format.

    Raises:
        GroundplanError: the folder cannot be written.
    """
    from groundplan.audit.formats import WRITERS  # noqa: PLC0415 - templates, only where a page is asked for

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, writer in WRITERS.items():
            (folder / name).write_text(writer(audit), encoding="utf-8")
    except OSError as error:
        raise GroundplanError(
            f"--out {folder}: {error.strerror}; allowed is a folder that can be written.",
            exit_code=ExitCode.CONFIG,
        ) from None


def list_rules(*, as_json: bool) -> None:
    """Show every control and where it is mandatory."""
    rules = all_rules()
    if as_json:
        rows = [
            {
                "id": rule.id,
                "title": rule.title,
                "severity": str(rule.severity),
                "enforcement": {
                    each: str(rule.enforcement.in_environment(each)) for each in ("dev", "staging", "prod")
                },
                "frameworks": {str(name): list(ids) for name, ids in rule.frameworks.items()},
                "equivalents": list(rule.equivalents),
            }
            for rule in rules
        ]
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    table = Table("control", "what must hold", "severity", "dev", "staging", "prod", box=None)
    for rule in rules:
        levels = (str(rule.enforcement.in_environment(each)) for each in ("dev", "staging", "prod"))
        table.add_row(rule.id, rule.title, str(rule.severity), *levels)
    Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def _failure(audit: Audit) -> GroundplanError:
    reasons = []
    if audit.blocking:
        reasons.append(f"{len(audit.blocking)} mandatory checks fail")
    if len(audit.open) > audit.not_evaluated_budget:
        reasons.append(
            f"{len(audit.open)} mandatory checks were not evaluated, and {audit.not_evaluated_budget} may be"
        )
    reasons += [f"waiver {line}" for line in audit.expired_waivers]
    unanswered = audit.second_opinion.unanswered if audit.second_opinion else []
    if unanswered:
        reasons.append(f"{len(unanswered)} opinions of auditors differ from ours without a reviewed reason")
    hint = "Correct the rule, or write the reason into policies/second_opinion.yaml." if unanswered else None
    return GroundplanError(
        f"{audit.environment}: {'; '.join(reasons)}.",
        hint=audit.blocking[0][0].remediation if audit.blocking else hint,
        exit_code=ExitCode.POLICY,
    )


def source_of(
    environment: str | None, state: Path | None, preview: Path | None, *, live: bool, cluster: bool
) -> tuple[Source, Sequence[DriftFact] | None]:
    """The source that the options name, and what has drifted if that was looked at.

    Raises:
        GroundplanError: none or several are named, or it cannot be read.
    """
    named = sum((environment is not None, state is not None, preview is not None))
    if named != 1 or (live and cluster) or ((live or cluster) and environment is None):
        raise GroundplanError(
            "Name one source: an environment (or its --live account, or its --cluster), --state FILE or "
            "--preview FILE.",
            hint="groundplan audit --help",
            exit_code=ExitCode.CONFIG,
        )
    if state:
        return sources.from_state(sources.read(state), str(state)), None
    if preview:
        return sources.from_preview(sources.read(preview), str(preview)), None
    environment = str(environment)
    if live:
        return from_account(environment, progress.print)
    return (sources.from_cluster if cluster else sources.from_stack)(environment), None
