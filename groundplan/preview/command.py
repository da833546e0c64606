"""Makes a diff and shows it: Markdown or JSON on stdout, a page in a file, the verdict as an exit code."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from groundplan.errors import ExitCode, GroundplanError
from groundplan.files import write
from groundplan.preview import html, markdown
from groundplan.preview.changes import changes_of
from groundplan.preview.checkouts import Checkout, check_out, working_tree
from groundplan.preview.comparison import compare_environment, priced
from groundplan.preview.document import load_preview
from groundplan.preview.policies import policy_delta, why_not_judged
from groundplan.preview.report import DiffReport, EnvironmentDiff
from groundplan.preview.reviewers import review
from groundplan.preview.values import code
from groundplan.progress import Progress
from groundplan.rehearsal.rehearse import require_root

_HEAD = "the working tree"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asked for on the command line.

    Args:
        base: the commit to compare with; None if only a preview is read.
        environments: which ones; empty for all that have a stack file.
        from_preview: a file that `pulumi preview --json` wrote, in the place of a rehearsal.
        page: where to write the HTML page.
        comment: where to write the Markdown, beside stdout.
        as_json: JSON on stdout in the place of Markdown.
        expect_no_changes: end with 7 if anything would change.
    """

    base: str | None
    environments: tuple[str, ...]
    from_preview: Path | None
    page: Path | None
    comment: Path | None
    as_json: bool
    expect_no_changes: bool


def run(request: Request) -> None:
    """Diff and show.

    Raises:
        GroundplanError: bad arguments or files (exit code 2), no such stack (6), a mandatory policy that is
            newly broken (5), changes where none were expected (7).
    """
    report = _of_preview(request) if request.from_preview else _of_base(request)
    text = markdown.render(report)
    if request.page:
        write(request.page, "--html", html.render(report))
    if request.comment:
        write(request.comment, "--markdown", text)
    sys.stdout.write(json.dumps(report.as_json(), indent=2) + "\n" if request.as_json else text)
    if report.blocked:
        raise GroundplanError(
            "A mandatory policy is newly broken: see the report.",
            hint="Keep the policy, or have a waiver approved.",
            exit_code=ExitCode.POLICY,
        )
    if request.expect_no_changes and report.changed:
        raise GroundplanError(
            "There are changes, and none were expected.", exit_code=ExitCode.UNEXPECTED_CHANGES
        )


def _of_preview(request: Request) -> DiffReport:
    file = request.from_preview
    assert file  # noqa: S101 - the caller has looked
    preview = load_preview(file)
    environment = _only(request.environments, preview.stack, file)
    base = check_out(request.base) if request.base else None
    price, notes = priced(base, working_tree(), environment) if base else (None, ())
    changes = changes_of(preview)
    unjudged = why_not_judged(preview)
    diff = EnvironmentDiff(
        environment=environment,
        changes=changes,
        findings=review(changes, preview.refused),
        notes=(
            f"Read from {code(file.name)}, a preview of the stack itself.",
            *notes,
            *((unjudged,) if unjudged else ()),
        ),
        price=price,
        policy=policy_delta(environment, preview),
    )
    return DiffReport(base=f"what {environment} is now", head=_HEAD, environments=(diff,))


def _of_base(request: Request) -> DiffReport:
    if request.base is None:
        raise GroundplanError(
            "Nothing to compare with: give a BASE, or --from-preview FILE.",
            hint="groundplan diff origin/main",
            exit_code=ExitCode.CONFIG,
        )
    head = working_tree()
    _require_stacks(request.environments, head)
    base = check_out(request.base)
    require_root()
    progress = Progress()
    diffs = tuple(
        compare_environment(base, head, environment, progress)
        for environment in request.environments or head.environments
    )
    return DiffReport(base=f"{code(request.base)} ({base.short})", head=_HEAD, environments=diffs)


def _only(environments: tuple[str, ...], stack: str | None, file: Path) -> str:
    if len(environments) > 1 or (environments and stack and environments[0] != stack):
        raise GroundplanError(
            f"--environment {' '.join(environments)}: {file} is a preview of the stack {stack}.",
            hint=f"groundplan diff --from-preview {file} --environment {stack}",
            exit_code=ExitCode.CONFIG,
        )
    if not (environments or stack):
        raise GroundplanError(
            f"{file} names no stack: it has no steps.",
            hint="Say which one it is: --environment prod",
            exit_code=ExitCode.CONFIG,
        )
    return environments[0] if environments else str(stack)


def _require_stacks(environments: tuple[str, ...], head: Checkout) -> None:
    for environment in environments:
        if environment not in head.environments:
            raise GroundplanError(
                f"--env {environment}: there is no stacks/Pulumi.{environment}.yaml.",
                hint=f"Allowed: {', '.join(head.environments)}.",
                exit_code=ExitCode.NO_STACK,
            )
