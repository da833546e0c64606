"""Checkov on a converted plan and on the manifests of a state, offline."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from groundplan.audit.second_opinion import environments
from groundplan.audit.second_opinion.manifests import Manifest
from groundplan.audit.second_opinion.opinion import Opinion
from groundplan.audit.second_opinion.terraform_plan import TerraformPlan
from groundplan.errors import ExitCode, GroundplanError

AUDITOR = "checkov"
_TIMEOUT_S = 300
_LOG_LINES = 15
_OFFLINE = ("--skip-download", "--compact", "--soft-fail", "--output", "json")
_PASSED = "PASSED"


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Result(_Model):
    result: str


class _Check(_Model):
    check_id: str
    check_name: str | None = None
    check_result: _Result
    resource: str
    resource_address: str | None = None
    file_path: str


class _Results(_Model):
    passed_checks: list[_Check] = []
    failed_checks: list[_Check] = []
    parsing_errors: list[str] = []


class _Report(_Model):
    results: _Results


def on_plan(plan: TerraformPlan, report: Callable[[str], None]) -> list[Opinion]:
    """What checkov says about a plan.

    Raises:
        GroundplanError: it cannot be installed, or it failed.
    """
    if not plan.urns:
        return []
    with tempfile.TemporaryDirectory(prefix="groundplan-plan-") as folder:
        file = Path(folder) / "plan.json"
        file.write_text(json.dumps(plan.document, indent=1), encoding="utf-8")
        found = _run(["--framework", "terraform_plan", "--file", str(file)], Path(folder), report)
    return _distinct(
        _opinion(check, plan.urns.get(check.resource_address or check.resource)) for check in found
    )


def on_manifests(manifests: Sequence[Manifest], report: Callable[[str], None]) -> list[Opinion]:
    """What checkov says about Kubernetes objects: one file each, so that the file tells whose it is.

    Raises:
        GroundplanError: it cannot be installed, or it failed.
    """
    if not manifests:
        return []
    with tempfile.TemporaryDirectory(prefix="groundplan-manifests-") as folder:
        urns = {}
        for number, manifest in enumerate(manifests):
            name = f"{number:04d}.json"
            (Path(folder) / name).write_text(json.dumps(manifest.document, indent=1), encoding="utf-8")
            urns[name] = manifest.urn
        found = _run(["--framework", "kubernetes", "--directory", folder], Path(folder), report)
    return _distinct(_opinion(check, urns.get(Path(check.file_path).name)) for check in found)


def known_checks(report: Callable[[str], None]) -> frozenset[str]:
    """Every check id of the pinned version.

    Raises:
        GroundplanError: it cannot be installed, or it failed.
    """
    listing = _call(["--list"], Path(tempfile.gettempdir()), report)
    cells = (line.split("|") for line in listing.splitlines())
    return frozenset(word for row in cells for cell in row if (word := cell.strip()).startswith("CKV"))


def _run(arguments: Sequence[str], folder: Path, report: Callable[[str], None]) -> list[_Check]:
    answer = _call([*arguments, *_OFFLINE], folder, report)
    checks = []
    try:
        for each in _reports(json.loads(answer)):
            results = _Report.model_validate(each).results
            if results.parsing_errors:
                raise _failed(f"it could not read {', '.join(results.parsing_errors)}", answer)
            checks += [*results.passed_checks, *results.failed_checks]
    except (ValueError, ValidationError) as error:
        raise _failed(
            f"its answer is not what version {environments.version(AUDITOR)} writes ({error})", answer
        ) from None
    return checks


def _reports(answer: Any) -> Iterator[Any]:
    """One object for each framework; only the counts where it found nothing to check."""
    for each in answer if isinstance(answer, list) else [answer]:
        if isinstance(each, dict) and "results" not in each and "passed" in each:
            continue
        yield each


def _call(arguments: Sequence[str], folder: Path, report: Callable[[str], None]) -> str:
    program = environments.obtain(AUDITOR, report)
    try:
        done = subprocess.run(
            [str(program), *arguments],
            check=False,
            capture_output=True,
            cwd=folder,
            env=_environment(folder),
            text=True,
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise GroundplanError(
            f"checkov was stopped after {_TIMEOUT_S} s.", exit_code=ExitCode.TIMEOUT
        ) from None
    if done.returncode:
        raise _failed(f"it ended with {done.returncode}", done.stderr)
    return done.stdout


def _environment(folder: Path) -> Mapping[str, str]:
    """Nothing of the user's: a configuration file or token of theirs would change the verdicts."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LOG_LEVEL": "ERROR",
        "ANSI_COLORS_DISABLED": "1",
    }


def _opinion(check: _Check, urn: str | None) -> Opinion:
    if urn is None:
        raise _failed(f"it speaks of {check.resource}, which is not in what it was given", "")
    return Opinion(
        auditor=AUDITOR,
        check_id=check.check_id,
        resource_urn=urn,
        passed=check.check_result.result == _PASSED,
        title=check.check_name or check.check_id,
    )


def _distinct(opinions: Iterator[Opinion]) -> list[Opinion]:
    """One verdict a check and resource: it fails if any part of the resource (a container, say) fails."""
    verdicts: dict[tuple[str, str], Opinion] = {}
    for opinion in opinions:
        key = (opinion.check_id, opinion.resource_urn)
        if key not in verdicts or verdicts[key].passed:
            verdicts[key] = opinion
    return list(verdicts.values())


def _failed(why: str, log: str) -> GroundplanError:
    return GroundplanError(
        f"checkov gave no opinion: {why}.", log="\n".join(log.splitlines()[-_LOG_LINES:]) or None
    )
