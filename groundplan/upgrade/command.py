"""Shows what an upgrade would do, and says no if data would be lost by it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from groundplan.errors import ExitCode, GroundplanError
from groundplan.files import write
from groundplan.preview import html, markdown
from groundplan.preview.changes import changes_of
from groundplan.preview.findings import Finding, Section, Weight
from groundplan.preview.report import DiffReport, EnvironmentDiff
from groundplan.preview.reviewers import review
from groundplan.progress import Progress
from groundplan.upgrade.rehearsed import preview_on_release
from groundplan.upgrade.released import Release, find

_NOTE = (
    "AWS: Pulumi's engine previewed this version on the state that {version} wrote in a rehearsal, with the "
    "settings of now. Kubernetes objects were not compared."
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asked for on the command line.

    Args:
        version: the release to come from; None for the latest one.
        environments: which ones; empty for all that were released.
        page: where to write the HTML page.
        as_json: JSON on stdout in the place of Markdown.
    """

    version: str | None
    environments: tuple[str, ...]
    page: Path | None
    as_json: bool


def run(request: Request) -> None:
    """Preview and show.

    Raises:
        GroundplanError: something that holds data, or is protected, would be replaced or deleted (exit
            code 7), a name that is not known (2 or 6), or a program that fails (4).
    """
    release = find(request.version)
    environments = request.environments or release.environments
    for environment in environments:
        release.state(environment)  # all of them are there before anything long begins
    progress = Progress()
    diffs = tuple(_diff(release, environment, progress) for environment in environments)
    report = DiffReport(base=f"version {release.version}", head="the working tree", environments=diffs)
    sys.stdout.write(
        json.dumps(report.as_json(), indent=2) + "\n" if request.as_json else markdown.render(report)
    )
    if request.page:
        write(request.page, "--html", html.render(report))
    lost = [(diff.environment, finding) for diff in diffs for finding in _losses(diff)]
    if lost:
        raise GroundplanError(
            f"This version cannot take over stacks of {release.version} in place:\n"
            + "\n".join(f"{environment}: {each.subject} {each.text}" for environment, each in lost),
            hint="Keep its name and what forces a replacement, give it an alias, or write a migration.",
            exit_code=ExitCode.UNEXPECTED_CHANGES,
        )


def _diff(release: Release, environment: str, progress: Progress) -> EnvironmentDiff:
    preview = preview_on_release(release, environment, progress)
    changes = changes_of(preview)
    return EnvironmentDiff(
        environment=environment,
        changes=changes,
        findings=review(changes, preview.refused),
        notes=(_NOTE.format(version=release.version),),
    )


def _losses(diff: EnvironmentDiff) -> tuple[Finding, ...]:
    """What holds data and would go, and what Pulumi refuses to let go."""
    found = (*diff.of(Section.REFUSED), *diff.of(Section.DATA))
    return tuple(finding for finding in found if finding.weight is Weight.DANGER)
