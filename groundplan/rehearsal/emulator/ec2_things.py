"""What EC2's things that moto 5.2.5 lacks have in common: parameters, and tags where EC2 keeps all."""

from __future__ import annotations

from typing import Any

from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, EC2_RESOURCE_TO_PREFIX, add_tag_specification

Record = dict[str, Any]


def let_have_tags(prefix: str, kind: str) -> None:
    """Let ids that begin with a prefix have tags."""
    EC2_RESOURCE_TO_PREFIX[kind] = prefix
    EC2_PREFIX_TO_RESOURCE[prefix] = kind


def asked(response: Any, name: str) -> Any:
    """A parameter of the call; None without it."""
    return response._get_param(name)  # noqa: SLF001 - how moto's responses read parameters


def keep_tags(response: Any, identifier: str) -> None:
    """Keep the tags that a new thing was asked for with."""
    tags = add_tag_specification(asked(response, "TagSpecifications") or [])
    if tags:
        response.ec2_backend.create_tags([identifier], tags)


def with_tags(response: Any, record: Record, id_key: str) -> Record:
    """What is told of a thing: its record, and the tags of its id."""
    found = response.ec2_backend.describe_tags(filters={"resource-id": [record[id_key]]})
    return record | {"Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in found]}
