"""The reviewed answers to what auditors say: `policies/second_opinion.yaml`.

An answer says why an auditor's verdict does not count for some resources. With `rule` it explains a
disagreement with one of our rules, without it a finding that none of our rules is mapped to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from groundplan.audit.second_opinion.equivalents import auditor_check
from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT

FILE = PROJECT_ROOT / "policies" / "second_opinion.yaml"
_SHORTEST_REASON = 20


class Answer(BaseModel):
    """Why a verdict of an auditor does not count.

    Args:
        check: the auditor's check, spelled as in a rule's equivalents: `CKV_AWS_18`, `prowler:s3_...`.
        resource: glob over `TYPE::NAME` of the resource, e.g. `aws:s3/bucket:Bucket::*-access-logs`.
        judgement: the auditor is wrong, the check does not fit this platform, the gap is known and kept, or
            the emulator of a rehearsal answers otherwise than AWS would.
        reason: why, for a person who doubts it.
        rule: our rule that says otherwise.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    check: str
    resource: Annotated[str, Field(min_length=1)]
    judgement: Literal["false-positive", "not-applicable", "accepted", "emulator"]
    reason: Annotated[str, Field(min_length=_SHORTEST_REASON)]
    rule: str | None = None

    def covers(self, auditor: str, check_id: str, urn: str) -> bool:
        """Whether it is about this verdict."""
        return auditor_check(self.check) == (auditor, check_id) and fnmatchcase(
            short_name(urn), self.resource
        )


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    answers: list[Answer]


def read(file: Path = FILE) -> tuple[Answer, ...]:
    """All answers; none if there is no file.

    Raises:
        GroundplanError: the file cannot be used; names every key that is wrong.
    """
    if not file.exists():
        return ()
    try:
        document = _Document.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise _wrong(file, [f"it is not YAML: {error}"]) from None
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}, given {each['input']!r:.80}"
            for each in error.errors()
        ]
        raise _wrong(file, problems) from None
    problems = [
        f"answers.{index}.check: {answer.check!r} is no check of checkov (CKV_...) or prowler (prowler:...)"
        for index, answer in enumerate(document.answers)
        if auditor_check(answer.check) is None
    ]
    if problems:
        raise _wrong(file, problems)
    return tuple(document.answers)


def check_rules(
    answers: Sequence[Answer], equivalents: Mapping[str, Sequence[str]], file: Path = FILE
) -> None:
    """Refuse answers about rules that do not exist or are not mapped to the check.

    Raises:
        GroundplanError: names each of them.
    """
    problems = []
    for index, answer in enumerate(answers):
        if answer.rule is None:
            continue
        if answer.rule not in equivalents:
            problems.append(f"answers.{index}.rule: there is no rule {answer.rule!r}")
        elif answer.check not in equivalents[answer.rule]:
            allowed = ", ".join(equivalents[answer.rule]) or "none"
            problems.append(
                f"answers.{index}.check: {answer.rule} is mapped to {allowed}, not {answer.check}"
            )
    if problems:
        raise _wrong(file, problems)


def short_name(urn: str) -> str:
    """`TYPE::NAME` of a URN, without stack, project and parents."""
    _, _, chain, name = urn.split("::", 3)
    return f"{chain.rpartition('$')[2]}::{name}"


def _wrong(file: Path, problems: Sequence[str]) -> GroundplanError:
    return GroundplanError(
        f"{file.name} cannot be used.",
        log="\n".join(problems),
        hint=f"Correct {file.relative_to(PROJECT_ROOT) if file.is_relative_to(PROJECT_ROOT) else file}; "
        "each answer has check, resource, judgement (false-positive, not-applicable, accepted, emulator), "
        "reason, and rule if it explains a disagreement.",
        exit_code=ExitCode.CONFIG,
    )
