"""Prowler on a live account: the rehearsed one, or a real one, by the variables of its shell.

It asks AWS itself, so it sees what is there and not what a state says is there. What the emulator does not
answer, prowler cannot judge: it logs an error and goes on, and the errors come with its opinions.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from groundplan.audit.second_opinion import environments
from groundplan.audit.second_opinion.opinion import Opinion
from groundplan.audit.second_opinion.state import Resource
from groundplan.errors import ExitCode, GroundplanError

AUDITOR = "prowler"
SERVICES = (
    "accessanalyzer",
    "backup",
    "cloudtrail",
    "cloudwatch",
    "config",
    "ec2",
    "ecr",
    "eks",
    "guardduty",
    "iam",
    "inspector2",
    "kafka",
    "kms",
    "rds",
    "s3",
    "securityhub",
    "sns",
    "vpc",
)
"""Those that the platform uses, by prowler's names."""
_VERDICTS = {"PASS": True, "FAIL": False}
_TIMEOUT_S = 1800
_LOG_LINES = 15
_ERROR = re.compile(r"\[Module: (?P<module>\w+)\]\s+ERROR: (?P<text>.*)")
_WHERE = re.compile(r"^[\w-]+ -- |\[\d+\]")
_ANY_STREAM = ":*"
"""What prowler puts behind the ARN of a log group."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Metadata(_Model):
    event_code: str


class _Information(_Model):
    title: str


class _Resource(_Model):
    uid: str


class _Finding(_Model):
    """The part of an OCSF detection finding that is an opinion."""

    metadata: _Metadata
    finding_info: _Information
    status_code: str
    resources: list[_Resource] = []


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What prowler says about an account.

    Args:
        opinions: about resources of the state.
        elsewhere: verdicts about what is in the account and not in the state.
        errors: what prowler could not ask, each once, with the part of prowler that asked.
    """

    opinions: tuple[Opinion, ...]
    elsewhere: tuple[Opinion, ...]
    errors: tuple[str, ...]


def on_account(
    resources: Sequence[Resource],
    variables: Mapping[str, str],
    report: Callable[[str], None],
    services: Sequence[str] = SERVICES,
) -> Survey:
    """What prowler says about the account that these variables lead to.

    Args:
        resources: those of the state; they tell which verdict is about which of them.
        variables: of the shell (`groundplan rehearse env prod --json`, or a real account's).
        report: takes one line about each longer step.
        services: by prowler's names.

    Raises:
        GroundplanError: no account is named, or prowler cannot be installed or failed.
    """
    region = variables.get("AWS_REGION")
    if not region:
        raise GroundplanError(
            "AWS_REGION is not set, so prowler has no account to look at.",
            hint='Take the variables of a rehearsal: eval "$(groundplan rehearse env prod)"',
            exit_code=ExitCode.AUTH,
        )
    with tempfile.TemporaryDirectory(prefix="groundplan-prowler-") as folder:
        log = _run(Path(folder), region, services, variables, report)
        answer = Path(folder) / "findings.ocsf.json"
        text = answer.read_text(encoding="utf-8") if answer.exists() else "[]"
    return survey(text, log, resources)


def survey(findings: str, log: str, resources: Sequence[Resource]) -> Survey:
    """Turn prowler's findings (OCSF in JSON) and log into opinions about resources of a state.

    Raises:
        GroundplanError: the findings are not what the pinned version writes.
    """
    try:
        parsed = TypeAdapter(list[_Finding]).validate_json(findings)
    except ValidationError as error:
        version = environments.version(AUDITOR)
        raise GroundplanError(f"prowler's answer is not what version {version} writes: {error}") from None
    urns = _by_arn(resources)
    ours, elsewhere = [], []
    for finding in parsed:
        for opinion in _opinions(finding):
            urn = urns.get(opinion.resource_urn)
            if urn is None:
                elsewhere.append(opinion)
            else:
                ours.append(replace(opinion, resource_urn=urn))
    return Survey(opinions=tuple(ours), elsewhere=tuple(elsewhere), errors=tuple(_errors(log)))


def _run(
    folder: Path,
    region: str,
    services: Sequence[str],
    variables: Mapping[str, str],
    report: Callable[[str], None],
) -> str:
    command = [
        *(str(environments.obtain(AUDITOR, report)), "aws", "--region", region, "--services", *services),
        *(
            "--output-formats",
            "json-ocsf",
            "--output-directory",
            str(folder),
            "--output-filename",
            "findings",
        ),
        *("--ignore-exit-code-3", "--no-banner", "--no-color", "--log-level", "ERROR"),
    ]
    report("prowler: looking at the account (minutes)")
    try:
        done = subprocess.run(
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=_environment(folder, variables),
            text=True,
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise GroundplanError(
            f"prowler was stopped after {_TIMEOUT_S} s.", exit_code=ExitCode.TIMEOUT
        ) from None
    if done.returncode:
        raise GroundplanError(
            f"prowler gave no opinion: it ended with {done.returncode}.",
            log="\n".join(done.stdout.splitlines()[-_LOG_LINES:]),
        )
    return done.stdout


def _environment(folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The way to the account, and nothing else of the shell."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        **{name: value for name, value in variables.items() if name.startswith("AWS_")},
    }


def _by_arn(resources: Sequence[Resource]) -> dict[str, str]:
    """URN of each ARN; the first one where several resources say the same."""
    found: dict[str, str] = {}
    for resource in resources:
        arn = resource.values.get("arn")
        if isinstance(arn, str) and arn:
            found.setdefault(arn.removesuffix(_ANY_STREAM), resource.urn)
    return found


def _opinions(finding: _Finding) -> Iterator[Opinion]:
    """Opinions about ARNs. What prowler wants a person to look at ("MANUAL") is none."""
    passed = _VERDICTS.get(finding.status_code)
    if passed is None:
        return
    for resource in finding.resources:
        yield Opinion(
            auditor=AUDITOR,
            check_id=finding.metadata.event_code,
            resource_urn=resource.uid.removesuffix(_ANY_STREAM),
            passed=passed,
            title=finding.finding_info.title,
        )


def _errors(log: str) -> list[str]:
    found = {f"{each['module']}: {_WHERE.sub('', each['text']).strip()}" for each in _ERROR.finditer(log)}
    return sorted(found)
