"""Waivers: a named finding that somebody answers for until a day. Past it, the finding stands again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from policies.core.rule import Finding
from policies.core.settings import PackError, explain
from policies.core.yaml_text import parse_yaml

WAIVERS_FILE = Path(__file__).resolve().parents[1] / "waivers.yaml"
MAX_DAYS = 90

Line = Annotated[str, Field(min_length=1, max_length=500)]


class Waiver(BaseModel):
    """One accepted finding."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^W-\d{3,}$")]
    """`W-001` and so on; never used twice."""
    rule: Annotated[str, Field(pattern=r"^[A-Z0-9]+-\d{2}$")]
    """Id of the rule."""
    resource: Annotated[str, Field(pattern=r"^urn:pulumi:")]
    """URN of the resource; `*` stands for any text between its parts, but not for all of it."""
    finding: Line | None = None
    """Key of one finding; without it the waiver covers all that the rule finds on the resource."""
    reason: Annotated[str, Field(min_length=20, max_length=1000)]
    """Why it is acceptable, and what is done about it."""
    owner: Line
    """Who answers for it."""
    approver: Line
    """Who agreed; somebody else."""
    created: dt.date
    """When it was agreed."""
    expires: dt.date
    """Last day; at most 90 days after `created`."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.owner == self.approver:
            raise ValueError("owner and approver are the same person")
        if not 0 < (self.expires - self.created).days <= MAX_DAYS:
            raise ValueError(f"expires must be 1 to {MAX_DAYS} days after created")
        if len(self.resource.split("::")) < 4 or set(self.resource.rpartition("::")[2]) <= {"*"}:  # noqa: PLR2004 - parts of a URN
            raise ValueError("resource must name one resource: urn:pulumi:STACK::PROJECT::TYPE::NAME")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    waivers: list[Waiver] = []


@dataclass(frozen=True, kw_only=True)
class Waivers:
    """The register, as of one day.

    Args:
        entries: all that the file holds.
        today: the day that decides which are alive.
    """

    entries: Sequence[Waiver] = ()
    today: dt.date = field(default_factory=lambda: dt.datetime.now(dt.UTC).date())

    @property
    def expired(self) -> list[Waiver]:
        """Those whose last day has passed, and those from the future: neither covers anything."""
        return [each for each in self.entries if not each.created <= self.today <= each.expires]

    def covering(self, rule: str, urn: str, finding: Finding) -> Waiver | None:
        """The live waiver of a finding."""
        for each in self.entries:
            if (
                each.rule == rule
                and each.created <= self.today <= each.expires
                and fnmatchcase(urn, _pattern(each.resource))
                and each.finding in {None, finding.key}
            ):
                return each
        return None


def _pattern(resource: str) -> str:
    """Only `*` is special: URNs hold brackets."""
    return resource.replace("[", "[[]").replace("?", "[?]")


def load_waivers(
    file: Path = WAIVERS_FILE, *, today: dt.date | None = None, rules: Sequence[str] = ()
) -> Waivers:
    """The register in a file.

    Args:
        file: where it lies.
        today: another day than today, to see what will have expired.
        rules: ids that there are; a waiver of another one is refused.

    Raises:
        PackError: the file is malformed, or a waiver names no rule.
    """
    try:
        raw = parse_yaml(file.read_text(encoding="utf-8")) or {}
        entries = _File.model_validate(raw).waivers
    except OSError as error:
        raise PackError(f"{file}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise PackError(f"{file} is no YAML: {error}") from None
    except ValidationError as error:
        raise PackError(f"{file}: {explain(error, Waiver)}") from None
    seen: set[str] = set()
    for each in entries:
        if each.id in seen:
            raise PackError(f"{file}: there are two waivers {each.id}; each id is used once")
        seen.add(each.id)
        if rules and each.rule not in rules:
            raise PackError(f"{file}: waiver {each.id} names the rule {each.rule!r}, which does not exist")
    return Waivers(entries=entries, **({"today": today} if today else {}))
