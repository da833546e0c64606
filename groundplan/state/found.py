"""Finds in AWS what an interrupted operation may have created: the id that it is imported by.

Three ways, by type: what carries its name as its id; what is known by the ids of others; and what AWS numbers
itself, which is found by the tags that the program gave it. Formats of ids: the sections "Import" of the AWS
provider's documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from groundplan.rehearsal.inventory_pages import EC2_LISTS, pages

Inputs = Mapping[str, Any]

_NUMBERED = MappingProxyType(
    {
        "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": "egress_only_internet_gateways",
        "aws:ec2/eip:Eip": "addresses",
        "aws:ec2/flowLog:FlowLog": "flow_logs",
        "aws:ec2/internetGateway:InternetGateway": "internet_gateways",
        "aws:ec2/launchTemplate:LaunchTemplate": "launch_templates",
        "aws:ec2/natGateway:NatGateway": "nat_gateways",
        "aws:ec2/networkAcl:NetworkAcl": "network_acls",
        "aws:ec2/routeTable:RouteTable": "route_tables",
        "aws:ec2/securityGroup:SecurityGroup": "security_groups",
        "aws:ec2/subnet:Subnet": "subnets",
        "aws:ec2/vpc:Vpc": "vpcs",
        "aws:ec2/vpcEndpoint:VpcEndpoint": "vpc_endpoints",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "security_group_rules",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "security_group_rules",
    }
)
"""Type of EC2 -> what `describe_...` lists it."""
_LISTS = EC2_LISTS | {"describe_security_group_rules": ("SecurityGroupRules", "SecurityGroupRuleId")}
"""The inventory counts no rules: they go with their group."""
_GONE = frozenset({"deleted", "deleting", "failed"})
"""States in which AWS still shows endpoints and NAT gateways for a while."""


def _join(separator: str, *names: str) -> Callable[[Inputs], str | None]:
    """An id made of inputs; None where one of them is not there."""

    def join(inputs: Inputs) -> str | None:
        parts = [inputs.get(name) for name in names]
        return separator.join(map(str, parts)) if all(isinstance(part, str) for part in parts) else None

    return join


def _route(inputs: Inputs) -> str | None:
    destinations = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
    target = next((inputs[name] for name in destinations if inputs.get(name)), None)
    return f"{inputs.get('routeTableId')}_{target}" if target else None


_BY_INPUTS: Mapping[str, Callable[[Inputs], str | None]] = MappingProxyType(
    {
        "aws:ec2/route:Route": _route,
        "aws:ec2/routeTableAssociation:RouteTableAssociation": _join("/", "subnetId", "routeTableId"),
        "aws:ecr/lifecyclePolicy:LifecyclePolicy": _join("", "repository"),
        "aws:eks/accessEntry:AccessEntry": _join(":", "clusterName", "principalArn"),
        "aws:eks/addon:Addon": _join(":", "clusterName", "addonName"),
        "aws:eks/nodeGroup:NodeGroup": _join(":", "clusterName", "nodeGroupName"),
        "aws:iam/rolePolicy:RolePolicy": _join(":", "role", "name"),
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _join("/", "role", "policyArn"),
        "aws:kms/keyPolicy:KeyPolicy": _join("", "keyId"),
        "aws:msk/topic:Topic": _join(",", "clusterArn", "name"),
    }
)
"""Type -> its id from its own inputs, where that is not simply its name."""


@dataclass(frozen=True)
class Found:
    """What was found of one resource.

    Args:
        id: what it is imported by; None if there is nothing.
        reason: why nothing can be said, or what the id was taken from.
        ambiguous: whether several could be it, so that nothing can be said.
        seen: whether it was seen in the account; else the id is what it has if it exists.
    """

    id: str | None
    reason: str
    ambiguous: bool = False
    seen: bool = False


class Finder:
    """Looks into the account of this shell.

    Args:
        known: ids that the state has already: they are nobody else's.
        region: of the resources; None for the shell's.
    """

    def __init__(self, known: set[str], region: str | None = None) -> None:
        self.known = known
        self._region = region

    def find(self, kind: str, inputs: Inputs) -> Found | None:
        """Look for a resource; None where this cannot be told for its type.

        Args:
            kind: its type token.
            inputs: what it was to be created with.
        """
        if kind in _NUMBERED:
            return self._by_tags(_NUMBERED[kind], inputs.get("tags") or {})
        if kind in _BY_INPUTS:
            found = _BY_INPUTS[kind](inputs)
            return Found(found, "its inputs") if found else None
        arn = self._arn(kind, inputs)
        if arn:
            return Found(arn, "its name")
        if kind == "aws:kms/key:Key":
            return self._key(inputs)
        for name in ("bucket", "name"):
            if isinstance(inputs.get(name), str):
                return Found(str(inputs[name]), "its name")
        return None

    def finish(self, kind: str, identifier: str, inputs: Inputs) -> None:
        """Do what the provider does after a creation, and what no later comparison makes up for.

        AWS gives a new security group a rule that lets everything out. The provider takes it away at once;
        killed before that, the program's own rule would be refused as a duplicate.
        """
        if kind != "aws:ec2/securityGroup:SecurityGroup" or inputs.get("egress"):
            return
        ec2 = self._client("ec2")
        here = [{"Name": "group-id", "Values": [identifier]}]
        rules = [
            rule["SecurityGroupRuleId"]
            for rule in ec2.describe_security_group_rules(Filters=here)["SecurityGroupRules"]
            if rule["IsEgress"] and rule["SecurityGroupRuleId"] not in self.known and not rule.get("Tags")
        ]
        if rules:
            ec2.revoke_security_group_egress(GroupId=identifier, SecurityGroupRuleIds=rules)

    def _by_tags(self, kinds: str, tags: Mapping[str, str]) -> Found | None:
        """The one resource of a kind that has all these tags and that the state does not know."""
        operation = f"describe_{kinds}"
        key, id_key = _LISTS[operation]
        if not tags or not all(isinstance(value, str) for value in tags.values()):
            return None
        found = set()
        for item in pages(self._client("ec2"), operation, key):
            said = {tag["Key"]: tag["Value"] for tag in item.get("Tags") or ()}
            gone = str(item.get("State")).lower() in _GONE
            if said.items() >= tags.items() and not gone and item[id_key] not in self.known:
                found.add(item[id_key])
        return _only(found, "its tags")

    def _key(self, inputs: Inputs) -> Found | None:
        """The one key of this description that is in use and that the state does not know."""
        description = inputs.get("description")
        if not isinstance(description, str):
            return None
        kms = self._client("kms")
        keys = (
            kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            for page in kms.get_paginator("list_keys").paginate()
            for key in page["Keys"]
            if key["KeyId"] not in self.known
        )
        found = {
            key["KeyId"]
            for key in keys
            if key.get("Description") == description and key["KeyState"] != "PendingDeletion"
        }
        return _only(found, "its description")

    def _arn(self, kind: str, inputs: Inputs) -> str | None:
        """Types that are known by their ARN."""
        name = inputs.get("name")
        if not isinstance(name, str):
            return None
        partition, account, region = self._here
        match kind:
            case "aws:iam/policy:Policy":
                return f"arn:{partition}:iam::{account}:policy{inputs.get('path') or '/'}{name}"
            case "aws:sns/topic:Topic":
                return f"arn:{partition}:sns:{region}:{account}:{name}"
            case "aws:cloudtrail/trail:Trail":
                return f"arn:{partition}:cloudtrail:{region}:{account}:trail/{name}"
        return None

    @cached_property
    def _here(self) -> tuple[str, str, str]:
        sts = self._client("sts")
        identity = sts.get_caller_identity()
        return identity["Arn"].split(":")[1], identity["Account"], sts.meta.region_name

    def _client(self, service: str) -> Any:
        return self._session.client(service)

    @cached_property
    def _session(self) -> Any:
        import boto3  # noqa: PLC0415 - half a second, where an account is asked alone

        return boto3.Session(region_name=self._region)


def _only(ids: set[str], by: str) -> Found:
    if len(ids) > 1:
        return Found(None, f"{len(ids)} have {by}: {', '.join(sorted(ids))}", ambiguous=True)
    return Found(next(iter(ids), None), by, seen=bool(ids))
