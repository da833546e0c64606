"""Placement groups of EC2, which moto 5.2.5 does not have."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response
from moto.moto_api._internal import mock_random

from groundplan.rehearsal.emulator.ec2_things import asked, keep_tags, let_have_tags, with_tags
from groundplan.rehearsal.emulator.patching import add, kept_in

_ID = "GroupId"
_STRATEGIES = ("cluster", "partition", "spread")


def install() -> None:
    """Apply all; a second call changes nothing."""
    let_have_tags("pg", "placement-group")
    add(
        EC2Response,
        create_placement_group=create_placement_group,
        describe_placement_groups=describe_placement_groups,
        delete_placement_group=delete_placement_group,
    )


def _groups(response: Any) -> dict[str, dict[str, Any]]:
    return kept_in(response.ec2_backend, "placement_groups")


def create_placement_group(response: Any) -> ActionResult:
    """Create one; it is available at once, and its tags are where EC2 keeps all tags."""
    name, strategy = asked(response, "GroupName"), asked(response, "Strategy") or "cluster"
    if name in _groups(response):
        raise EC2ClientError("InvalidPlacementGroup.Duplicate", f"The placement group {name} exists")
    if strategy not in _STRATEGIES:
        raise EC2ClientError("InvalidParameterValue", f"{strategy} is no strategy of a placement group")
    group_id = f"pg-{mock_random.get_random_hex(17)}"
    backend = response.ec2_backend
    group = {
        "GroupId": group_id,
        "GroupName": name,
        "GroupArn": f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:placement-group/{name}",
        "Strategy": strategy,
        "State": "available",
    }
    if strategy == "partition":
        group["PartitionCount"] = int(asked(response, "PartitionCount") or 2)
    if strategy == "spread":
        group["SpreadLevel"] = asked(response, "SpreadLevel") or "rack"
    keep_tags(response, group_id)
    _groups(response)[name] = group
    return ActionResult({"PlacementGroup": with_tags(response, group, _ID)})


def describe_placement_groups(response: Any) -> ActionResult:
    """All, or those that are named by name or id; an unknown name is an error."""
    groups = _groups(response)
    names = asked(response, "GroupNames") or list(groups)
    ids = asked(response, "GroupIds") or []
    found = [_find(response, name) for name in names]
    wanted = [group for group in found if not ids or group["GroupId"] in ids]
    return ActionResult({"PlacementGroups": [with_tags(response, group, _ID) for group in wanted]})


def delete_placement_group(response: Any) -> ActionResult:
    """Delete one, with its tags."""
    group = _find(response, asked(response, "GroupName"))
    del _groups(response)[group["GroupName"]]
    response.ec2_backend.tags.pop(group["GroupId"], None)
    return ActionResult({})


def _find(response: Any, name: str) -> dict[str, Any]:
    if name not in _groups(response):
        raise EC2ClientError("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
    return _groups(response)[name]
