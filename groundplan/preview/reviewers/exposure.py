"""What would get a public address, or could be made public: endpoints, buckets, load balancers, brokers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groundplan.preview.changes import Change
from groundplan.preview.findings import Finding, Section, Weight
from groundplan.preview.values import shown

_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_ACCOUNT_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
_SERVICE = "kubernetes:core/v1:Service"
_SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"
_INTERNAL = "service.beta.kubernetes.io/aws-load-balancer-internal"


@dataclass(frozen=True, kw_only=True)
class _Door:
    """An input that opens something to the internet.

    Args:
        path: of the input.
        closed: values that keep it closed; None is what AWS takes where nothing is said.
        says: what opens.
    """

    path: str
    closed: tuple[Any, ...]
    says: str


_DOORS: Mapping[str, tuple[_Door, ...]] = {
    "aws:eks/cluster:Cluster": (
        # Where nothing is said, AWS opens the public endpoint.
        _Door(path="vpcConfig.endpointPublicAccess", closed=(False,), says="its API server"),
    ),
    "aws:grafana/workspace:Workspace": (
        # Lists are of public addresses. Without access control, AWS lets everybody in.
        _Door(path="networkAccessControl.prefixListIds", closed=([],), says="the dashboards"),
    ),
    "aws:msk/cluster:Cluster": (
        _Door(
            path="brokerNodeGroupInfo.connectivityInfo.publicAccess.type",
            closed=(None, "DISABLED"),
            says="its brokers",
        ),
    ),
    "aws:rds/clusterInstance:ClusterInstance": (
        _Door(path="publiclyAccessible", closed=(None, False), says="the database"),
    ),
    "aws:rds/instance:Instance": (
        _Door(path="publiclyAccessible", closed=(None, False), says="the database"),
    ),
    "aws:lb/loadBalancer:LoadBalancer": (_Door(path="internal", closed=(True,), says="the load balancer"),),
    "aws:ec2/subnet:Subnet": (
        _Door(path="mapPublicIpOnLaunch", closed=(None, False), says="every instance in the subnet"),
    ),
    "aws:s3/bucketAcl:BucketAcl": (
        _Door(path="acl", closed=(None, "private", "log-delivery-write"), says="the bucket"),
    ),
    "aws:lambda/functionUrl:FunctionUrl": (
        _Door(path="authorizationType", closed=("AWS_IAM",), says="the function"),
    ),
}
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def review(changes: Sequence[Change]) -> Iterator[Finding]:
    """A finding for each door that would open."""
    for change in changes:
        if change.type in {_BLOCK, _ACCOUNT_BLOCK}:
            yield from _unblocked(change)
        if change.operation in {None, "delete"}:
            continue
        for door in _DOORS.get(change.type, ()):
            before = change.input(door.path, before=True)
            after = change.input(door.path)
            if after not in door.closed and (change.old is None or before in door.closed):
                fact = f"{door.path}: {shown(before)} -> {shown(after)}"
                yield _finding(change, f"would open {door.says} to the internet.", (fact,))
        yield from _wider_callers(change)
        yield from _load_balancer(change)


def _unblocked(change: Change) -> Iterator[Finding]:
    if change.operation == "delete":
        yield _finding(change, "would be deleted: its bucket could be made public.")
        return
    lost = [
        name
        for name in _BLOCKS
        if change.input(name) is not True and (change.old is None or change.input(name, before=True) is True)
    ]
    if lost and change.operation:
        facts = tuple(f"{name} would be off" for name in lost)
        yield _finding(change, "would allow its bucket to be made public.", facts)


def _wider_callers(change: Change) -> Iterator[Finding]:
    """More addresses for an API server whose public endpoint is open already."""
    path = "vpcConfig.publicAccessCidrs"
    before, after = change.input(path, before=True) or [], change.input(path) or []
    added = [each for each in after if each not in before]
    if change.type == "aws:eks/cluster:Cluster" and added and change.input("vpcConfig.endpointPublicAccess"):
        facts = tuple(f"+ {each}" for each in added)
        yield _finding(change, "would let more addresses reach its API server.", facts)


def _load_balancer(change: Change) -> Iterator[Finding]:
    if change.type != _SERVICE or change.input("spec.type") != "LoadBalancer":
        return
    opened = _public(change.new) and not (change.old and _public(change.old))
    if opened:
        yield _finding(change, "would get a load balancer that faces the internet.")


def _public(service: Mapping[str, Any] | None) -> bool:
    found = service or {}
    annotations = (found.get("metadata") or {}).get("annotations") or {}
    is_balancer = (found.get("spec") or {}).get("type") == "LoadBalancer"
    internal = annotations.get(_SCHEME) == "internal" or annotations.get(_INTERNAL) == "true"
    return is_balancer and not internal


def _finding(change: Change, text: str, facts: tuple[str, ...] = ()) -> Finding:
    return Finding(
        section=Section.EXPOSURE,
        weight=Weight.DANGER,
        subject=f"{change.kind} {change.name}",
        urn=change.urn,
        text=text,
        facts=facts,
    )
