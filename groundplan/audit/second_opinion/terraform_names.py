"""What Terraform calls the types and properties of pulumi-aws: a table in the package, and a rule beside it.

The table is made from terraform-provider-aws itself (`name_table.py`), because names cannot be turned round:
pulumi-aws makes plurals (`corsRules` of `cors_rule`), flattens lists of one, and corrects names by hand. A
type or property that the table does not have is named by the rule, and a contract test keeps the table as
wide as the program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from groundplan.rehearsal.providers.aws.tokens import candidates

TABLE = Path(__file__).with_name("terraform_names.json")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Nesting(StrEnum):
    """How a value nests for Terraform, seen from pulumi-aws."""

    SAME = ""
    WRAPPED = "wrapped"
    """pulumi-aws has one value, Terraform a list of it."""
    UNWRAPPED = "unwrapped"
    """pulumi-aws has a list, Terraform its only element."""


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property in Terraform's words.

    Args:
        name: what Terraform calls it.
        nesting: whether a list is put around it.
        block: whether it is a nested block, of which an empty list means that there is none.
        sensitive: whether Terraform would not show its value.
        fields: the properties of its object, or of each object of its list, by pulumi-aws' name.
    """

    name: str
    nesting: Nesting = Nesting.SAME
    block: bool = False
    sensitive: bool = False
    fields: Mapping[str, Property] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """A resource type in Terraform's words.

    Args:
        name: what Terraform calls it, e.g. `aws_s3_bucket`.
        properties: by pulumi-aws' name; empty if only the rule is known.
    """

    name: str
    properties: Mapping[str, Property] = field(default_factory=dict)

    def property(self, name: str) -> Property:
        """A property by pulumi-aws' name, from the table or by the rule."""
        return self.properties.get(name) or Property(name=snake(name))


def resource_type(token: str) -> ResourceType | None:
    """What Terraform calls a type of pulumi-aws; None if the token is not one of a resource of AWS."""
    known = table().get(token)
    if known:
        return known
    guess = next(candidates(token), None)
    return ResourceType(name=terraform_type(guess)) if guess else None


def terraform_type(index_token: str) -> str:
    """`aws_s3_bucket` for the bridge's `aws:index/s3Bucket:S3Bucket`."""
    return f"aws_{snake(index_token.rpartition(':')[2])}"


@cache
def snake(name: str) -> str:
    """`kmsMasterKeyId` in Terraform's spelling."""
    return "_".join(_WORDS.split(name)).lower()


@cache
def table() -> Mapping[str, ResourceType]:
    """Every type in the table, by its token."""
    raw = json.loads(TABLE.read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            token: ResourceType(name=entry["name"], properties=_properties(entry["fields"]))
            for token, entry in raw["types"].items()
        }
    )


def _properties(raw: Mapping[str, Any]) -> dict[str, Property]:
    return {name: _property(entry) for name, entry in raw.items()}


def _property(entry: Any) -> Property:
    if isinstance(entry, str):
        return Property(name=entry)
    return Property(
        name=entry["name"],
        nesting=Nesting(entry.get("nesting", "")),
        block=entry.get("block", False),
        sensitive=entry.get("sensitive", False),
        fields=_properties(entry.get("fields", {})),
    )
