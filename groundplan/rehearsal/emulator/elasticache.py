"""ElastiCache for Valkey: replication groups as their clusters show, user groups, changes of users.

moto 5.2.5 has replication groups that no cluster belongs to and that never go, and no user groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.elasticache.exceptions import (
    CacheClusterNotFound,
    ReplicationGroupAlreadyExists,
    ReplicationGroupNotFound,
    UserNotFound,
)
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from groundplan.rehearsal.emulator.patching import add, kept_in, wrap

_LATEST_PATCH = {"7.2": "7.2.6", "8.0": "8.0.1"}
_PORT = 6379
_COPIED = (
    "CacheNodeType",
    "Engine",
    "IpDiscovery",
    "KmsKeyId",
    "NetworkType",
    "SnapshotWindow",
    "TransitEncryptionMode",
    "UserGroupIds",
)
"""What a group tells as it was asked for."""


class UserGroupNotFoundError(ServiceException):
    """There is no user group of this id."""

    code = "UserGroupNotFound"


class UserGroupExistsError(ServiceException):
    """There is a user group of this id."""

    code = "UserGroupAlreadyExists"


def install() -> None:
    """Apply all; a second call changes nothing."""
    add(
        ElastiCacheResponse,
        create_replication_group=create_replication_group,
        describe_replication_groups=describe_replication_groups,
        modify_replication_group=modify_replication_group,
        delete_replication_group=delete_replication_group,
        create_user_group=create_user_group,
        describe_user_groups=describe_user_groups,
        modify_user_group=modify_user_group,
        delete_user_group=delete_user_group,
        modify_user=modify_user,
        delete_cache_subnet_group=delete_cache_subnet_group,
    )
    wrap(ElastiCacheResponse, "describe_cache_clusters", _describe_members)
    wrap(ElastiCacheBackend, "list_tags_for_resource", _list_tags)


def _list_tags(_original: Any, backend: Any, arn: str) -> Any:
    """Tags: those of a user group, too."""
    return backend.tagging_service.list_tags_for_resource(arn)


def _asked(response: Any, name: str) -> Any:
    return response._get_param(name)  # noqa: SLF001 - how moto's responses read parameters


def _arn(response: Any, kind: str, name: str) -> str:
    return f"arn:aws:elasticache:{response.region}:{response.current_account}:{kind}:{name}"


# --- replication groups ------------------------------------------------------------------------------
def _groups(response: Any) -> dict[str, dict[str, Any]]:
    return kept_in(response.elasticache_backend, "valkey_groups")


def _group(response: Any) -> dict[str, Any]:
    name = _asked(response, "ReplicationGroupId")
    if name not in _groups(response):
        raise ReplicationGroupNotFound(name)
    return _groups(response)[name]


def create_replication_group(response: Any) -> ActionResult:
    """Create a group without shards; it and its clusters are there at once."""
    name = _asked(response, "ReplicationGroupId")
    if name in _groups(response):
        raise ReplicationGroupAlreadyExists(name)
    for member in _asked(response, "UserGroupIds") or []:
        _user_group(response, member)
    group = {
        "told": {
            "ReplicationGroupId": name,
            "Description": _asked(response, "ReplicationGroupDescription"),
            "Status": "available",
            "AutomaticFailover": _switch(_asked(response, "AutomaticFailoverEnabled")),
            "MultiAZ": _switch(_asked(response, "MultiAZEnabled")),
            "SnapshotRetentionLimit": _asked(response, "SnapshotRetentionLimit") or 0,
            "SnapshotWindow": "05:00-06:00",
            "ClusterEnabled": False,
            "ClusterMode": "disabled",
            "AuthTokenEnabled": bool(_asked(response, "AuthToken")),
            "TransitEncryptionEnabled": bool(_asked(response, "TransitEncryptionEnabled")),
            "AtRestEncryptionEnabled": bool(_asked(response, "AtRestEncryptionEnabled")),
            "ARN": _arn(response, "replicationgroup", name),
            "LogDeliveryConfigurations": _log_deliveries(response),
            "ReplicationGroupCreateTime": datetime.now(UTC),
            "DataTiering": "disabled",
            "AutoMinorVersionUpgrade": _asked(response, "AutoMinorVersionUpgrade") is not False,
            "NetworkType": "ipv4",
            "IpDiscovery": "ipv4",
        }
        | _given(response, _COPIED),
        "asked": response._get_params(),  # noqa: SLF001 - how moto's responses read parameters
        "zones": _zones(response),
    }
    _resize(response, group, int(_asked(response, "NumCacheClusters") or 1))
    _groups(response)[name] = group
    tags = _asked(response, "Tags")
    if tags:
        response.elasticache_backend.tagging_service.tag_resource(group["told"]["ARN"], tags)
    return ActionResult({"ReplicationGroup": group["told"]})


def describe_replication_groups(response: Any) -> ActionResult:
    """One group, or all."""
    one = _asked(response, "ReplicationGroupId")
    found = [_group(response)] if one else list(_groups(response).values())
    return ActionResult({"ReplicationGroups": [group["told"] for group in found]})


def modify_replication_group(response: Any) -> ActionResult:
    """Change what can be changed in place, at once."""
    group = _group(response)
    told = group["told"]
    told |= _given(response, (*_COPIED, "SnapshotRetentionLimit", "AutoMinorVersionUpgrade"))
    group["asked"] |= _given(
        response,
        ("EngineVersion", "CacheParameterGroupName", "SecurityGroupIds", "PreferredMaintenanceWindow"),
    )
    if _asked(response, "ReplicationGroupDescription"):
        told["Description"] = _asked(response, "ReplicationGroupDescription")
    for name, member in (("AutomaticFailoverEnabled", "AutomaticFailover"), ("MultiAZEnabled", "MultiAZ")):
        if _asked(response, name) is not None:
            told[member] = _switch(_asked(response, name))
    if _asked(response, "LogDeliveryConfigurations"):
        told["LogDeliveryConfigurations"] = _log_deliveries(response)
    left = {*told.get("UserGroupIds", ()), *(_asked(response, "UserGroupIdsToAdd") or ())}
    told["UserGroupIds"] = sorted(left - {*(_asked(response, "UserGroupIdsToRemove") or ())})
    return ActionResult({"ReplicationGroup": told})


def delete_replication_group(response: Any) -> ActionResult:
    """Delete the group with its clusters."""
    group = _group(response)
    del _groups(response)[group["told"]["ReplicationGroupId"]]
    response.elasticache_backend.tagging_service.delete_all_tags_for_resource(group["told"]["ARN"])
    return ActionResult({"ReplicationGroup": group["told"] | {"Status": "deleting"}})


def _describe_members(original: Any, response: Any) -> ActionResult:
    """Cache clusters: a group's members, too."""
    wanted = _asked(response, "CacheClusterId")
    members = [
        cluster
        for group in _groups(response).values()
        for cluster in _clusters(response, group)
        if wanted in (None, cluster["CacheClusterId"])
    ]
    if members and wanted:
        return ActionResult({"CacheClusters": members})
    try:
        answer = original(response)
    except CacheClusterNotFound:
        raise ClusterNotFoundError(f"CacheCluster not found: {wanted}") from None
    return ActionResult({"CacheClusters": [*answer.result["CacheClusters"], *members]})


class ClusterNotFoundError(ServiceException):
    """There is no cluster of this id."""

    code = "CacheClusterNotFound"


def _clusters(response: Any, group: dict[str, Any]) -> Iterator[dict[str, Any]]:
    told, asked = group["told"], group["asked"]
    version = asked.get("EngineVersion") or "8.0"
    for number, name in enumerate(told["MemberClusters"]):
        yield {
            "CacheClusterId": name,
            "CacheNodeType": told["CacheNodeType"],
            "Engine": told.get("Engine", "valkey"),
            "EngineVersion": _LATEST_PATCH.get(version, version),
            "CacheClusterStatus": "available",
            "NumCacheNodes": 1,
            "PreferredAvailabilityZone": group["zones"][number % len(group["zones"])],
            "CacheClusterCreateTime": told["ReplicationGroupCreateTime"],
            "PreferredMaintenanceWindow": asked.get("PreferredMaintenanceWindow") or "sun:05:00-sun:06:00",
            "CacheParameterGroup": {
                "CacheParameterGroupName": asked.get("CacheParameterGroupName") or "default.valkey8",
                "ParameterApplyStatus": "in-sync",
                "CacheNodeIdsToReboot": [],
            },
            "CacheSubnetGroupName": asked.get("CacheSubnetGroupName"),
            "AutoMinorVersionUpgrade": told["AutoMinorVersionUpgrade"],
            "SecurityGroups": [
                {"SecurityGroupId": one, "Status": "active"} for one in asked.get("SecurityGroupIds") or []
            ],
            "ReplicationGroupId": told["ReplicationGroupId"],
            "SnapshotRetentionLimit": told["SnapshotRetentionLimit"] if number == 0 else 0,
            "SnapshotWindow": told["SnapshotWindow"],
            "AuthTokenEnabled": told["AuthTokenEnabled"],
            "TransitEncryptionEnabled": told["TransitEncryptionEnabled"],
            "AtRestEncryptionEnabled": told["AtRestEncryptionEnabled"],
            "TransitEncryptionMode": told.get("TransitEncryptionMode"),
            "NetworkType": told["NetworkType"],
            "IpDiscovery": told["IpDiscovery"],
            "ARN": _arn(response, "cluster", name),
        }


def _resize(response: Any, group: dict[str, Any], count: int) -> None:
    """Primary and replicas, each in the next zone."""
    told = group["told"]
    name, short = told["ReplicationGroupId"], response.region.replace("-", "")
    names = [f"{name}-{number:03}" for number in range(1, count + 1)]
    domain = f"{name}.rehearsed.{short}.cache.amazonaws.com"
    told["MemberClusters"] = names
    told["NodeGroups"] = [
        {
            "NodeGroupId": "0001",
            "Status": "available",
            "PrimaryEndpoint": {"Address": f"master.{domain}", "Port": _PORT},
            "ReaderEndpoint": {"Address": f"replica.{domain}", "Port": _PORT},
            "NodeGroupMembers": [
                {
                    "CacheClusterId": member,
                    "CacheNodeId": "0001",
                    "ReadEndpoint": {"Address": f"{member}.{domain}", "Port": _PORT},
                    "PreferredAvailabilityZone": group["zones"][number % len(group["zones"])],
                    "CurrentRole": "replica" if number else "primary",
                }
                for number, member in enumerate(names)
            ],
        }
    ]


def _zones(response: Any) -> list[str]:
    """The zones of the subnets that were asked for; all of the region if none were."""
    groups = response.elasticache_backend.cache_subnet_groups
    wanted = groups.get(_asked(response, "CacheSubnetGroupName"))
    ec2 = ec2_backends[response.current_account][response.region]
    if wanted is None:
        return [zone.name for zone in ec2.describe_availability_zones()]
    return [ec2.get_subnet(subnet).availability_zone for subnet in wanted.subnet_ids]


def _log_deliveries(response: Any) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in one.items() if name != "Enabled"} | {"Status": "active"}
        for one in _asked(response, "LogDeliveryConfigurations") or []
        if one.get("Enabled") is not False
    ]


def _given(response: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _asked(response, name) for name in names if _asked(response, name) is not None}


def _switch(on: Any) -> str:
    return "enabled" if on else "disabled"


def delete_cache_subnet_group(response: Any) -> ActionResult:
    """Delete a group of subnets."""
    name = _asked(response, "CacheSubnetGroupName")
    response.elasticache_backend.describe_cache_subnet_groups(name)  # fails where there is none
    del response.elasticache_backend.cache_subnet_groups[name]
    return ActionResult({})


# --- users and their groups ----------------------------------------------------------------------------
def _user_groups(response: Any) -> dict[str, dict[str, Any]]:
    return kept_in(response.elasticache_backend, "user_groups")


def _user_group(response: Any, name: str) -> dict[str, Any]:
    if name not in _user_groups(response):
        raise UserGroupNotFoundError(f"User group {name} not found")
    return _user_groups(response)[name]


def create_user_group(response: Any) -> ActionResult:
    """Put users together; for Redis one of them must be called `default`."""
    name, engine = _asked(response, "UserGroupId"), _asked(response, "Engine").lower()
    if name in _user_groups(response):
        raise UserGroupExistsError(f"User group {name} exists")
    users = [_user(response, user) for user in _asked(response, "UserIds") or []]
    if engine == "redis" and not any(user.name == "default" for user in users):
        raise DefaultUserRequiredError("User group needs to contain a user with the user name default.")
    group = {
        "UserGroupId": name,
        "Status": "active",
        "Engine": engine,
        "UserIds": [user.id for user in users],
        "MinimumEngineVersion": "7.2",
        "ARN": _arn(response, "usergroup", name),
    }
    _user_groups(response)[name] = group
    tags = _asked(response, "Tags")
    if tags:
        response.elasticache_backend.tagging_service.tag_resource(group["ARN"], tags)
    return ActionResult(_told_users(response, group))


class DefaultUserRequiredError(ServiceException):
    """A group of Redis' users without one for those who give no name."""

    code = "DefaultUserRequired"


def describe_user_groups(response: Any) -> ActionResult:
    """One user group, or all."""
    one = _asked(response, "UserGroupId")
    found = [_user_group(response, one)] if one else list(_user_groups(response).values())
    return ActionResult({"UserGroups": [_told_users(response, group) for group in found]})


def modify_user_group(response: Any) -> ActionResult:
    """Add and remove users."""
    group = _user_group(response, _asked(response, "UserGroupId"))
    for user in _asked(response, "UserIdsToAdd") or []:
        group["UserIds"].append(_user(response, user).id)
    gone = _asked(response, "UserIdsToRemove") or []
    group["UserIds"] = [user for user in group["UserIds"] if user not in gone]
    return ActionResult(_told_users(response, group))


def delete_user_group(response: Any) -> ActionResult:
    """Delete a user group; its users stay."""
    group = _user_group(response, _asked(response, "UserGroupId"))
    del _user_groups(response)[group["UserGroupId"]]
    response.elasticache_backend.tagging_service.delete_all_tags_for_resource(group["ARN"])
    return ActionResult(_told_users(response, group) | {"Status": "deleting"})


def modify_user(response: Any) -> ActionResult:
    """Change what a user may do."""
    user = _user(response, _asked(response, "UserId"))
    if _asked(response, "AccessString"):
        user.access_string = _asked(response, "AccessString")
    if _asked(response, "AuthenticationMode"):
        user.authentication_type = _asked(response, "AuthenticationMode")["Type"]
    return ActionResult(user)


def _user(response: Any, name: str) -> Any:
    users = response.elasticache_backend.users
    if name not in users:
        raise UserNotFound(name)
    return users[name]


def _told_users(response: Any, group: dict[str, Any]) -> dict[str, Any]:
    served = [
        name
        for name, one in _groups(response).items()
        if group["UserGroupId"] in one["told"].get("UserGroupIds", ())
    ]
    return group | {"UserIds": list(group["UserIds"]), "ReplicationGroups": served}
