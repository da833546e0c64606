"""How much there would be: GPUs of node groups, quotas of tenants, brokers, databases, replicas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from groundplan.preview.changes import Change
from groundplan.preview.findings import Finding, Section, Weight
from groundplan.preview.values import shown
from infra.conventions import GPU_RESOURCE
from infra.planning.instance_types import INSTANCE_TYPES

_NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
_NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
_SIZES: Mapping[str, Mapping[str, str]] = {
    "aws:msk/cluster:Cluster": {
        "numberOfBrokerNodes": "brokers",
        "brokerNodeGroupInfo.instanceType": "type of broker",
        "brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize": "GiB of each broker",
    },
    "aws:msk/topic:Topic": {"partitionCount": "partitions"},
    "aws:rds/cluster:Cluster": {
        "serverlessv2ScalingConfiguration.minCapacity": "capacity units, at least",
        "serverlessv2ScalingConfiguration.maxCapacity": "capacity units, at most",
    },
    "aws:budgets/budget:Budget": {"limitAmount": "USD a month"},
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": {
        "spec.minReplicas": "replicas, at least",
        "spec.maxReplicas": "replicas, at most",
    },
}
"""Inputs that say how much, and how people say it."""
_QUOTA = "kubernetes:core/v1:ResourceQuota"
_TYPE = "node.kubernetes.io/instance-type"
_INSTANCES = "aws:rds/clusterInstance:ClusterInstance"


def review(changes: Sequence[Change]) -> Iterator[Finding]:
    """A finding for each resource of which there would be more or less, and one for all GPUs together."""
    # Before and after.
    gpus = [0, 0]
    for change in changes:
        if change.operation is None:
            continue
        if change.type in {_NODE_GROUP, _NODE_POOL}:
            read = _pool if change.type == _NODE_GROUP else _elastic_pool
            before, after = read(change.old), read(change.new)
            gpus[0] += before[2]
            gpus[1] += after[2]
            if before != after:
                yield _finding(change, _pool_facts(change, before, after))
            continue
        facts = tuple(_facts(change))
        if facts:
            yield _finding(change, facts)
    if gpus[0] != gpus[1]:
        yield Finding(
            section=Section.CAPACITY,
            weight=Weight.WARNING,
            subject="GPUs, at most",
            urn="",
            text=f"of the pools that change: {gpus[0]} -> {gpus[1]}.",
            facts=("EC2's quotas of the account must allow so many: see `groundplan plan`.",)
            if gpus[1] > gpus[0]
            else (),
        )


def _pool(group: Mapping[str, Any] | None) -> tuple[int, int, int]:
    """Nodes at least and at most, and the GPUs of the latter."""
    if not group:
        return 0, 0, 0
    scaling = group.get("scalingConfig") or {}
    least, most = int(scaling.get("minSize") or 0), int(scaling.get("maxSize") or 0)
    return least, most, most * _gpus_of(group)


def _elastic_pool(pool: Mapping[str, Any] | None) -> tuple[int, int, int]:
    """The same of a pool that Karpenter fills: its limits."""
    limits = ((pool or {}).get("spec") or {}).get("limits") or {}
    return 0, int(limits.get("nodes") or 0), int(limits.get(GPU_RESOURCE) or 0)


def _gpus_of(group: Mapping[str, Any]) -> int:
    known = [INSTANCE_TYPES[name] for name in group.get("instanceTypes") or [] if name in INSTANCE_TYPES]
    return max((instance.gpu_count for instance in known), default=0)


def _pool_facts(change: Change, before: tuple[int, int, int], after: tuple[int, int, int]) -> tuple[str, ...]:
    facts = [f"nodes: {before[0]} to {before[1]} -> {after[0]} to {after[1]}"]
    types = [", ".join(_types(change, before=old)) or "none" for old in (True, False)]
    if types[0] != types[1]:
        facts.append(f"instance type: {types[0]} -> {types[1]}")
    if before[2] != after[2]:
        facts.append(f"GPUs, at most: {before[2]} -> {after[2]}")
    return tuple(facts)


def _types(change: Change, *, before: bool) -> list[str]:
    if change.type == _NODE_GROUP:
        return change.input("instanceTypes", before=before) or []
    requirements = change.input("spec.template.spec.requirements", before=before) or []
    return [value for each in requirements if each.get("key") == _TYPE for value in each.get("values") or ()]


def _facts(change: Change) -> Iterator[str]:
    for path, words in _SIZES.get(change.type, {}).items():
        before, after = change.input(path, before=True), change.input(path)
        if before != after:
            yield f"{words}: {shown(before)} -> {shown(after)}"
    if change.type == _QUOTA:
        before, after = (change.input("spec.hard", before=old) or {} for old in (True, False))
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                yield f"{name}: {shown(before.get(name))} -> {shown(after.get(name))}"
    if change.type == _INSTANCES and change.operation in {"create", "delete"}:
        yield "one database instance " + ("more" if change.operation == "create" else "less")


def _finding(change: Change, facts: tuple[str, ...]) -> Finding:
    texts = {"create": "would be new.", "delete": "would be gone."}
    return Finding(
        section=Section.CAPACITY,
        weight=Weight.NOTE,
        subject=f"{change.kind} {change.name}",
        urn=change.urn,
        text=texts.get(str(change.operation), "would change in size."),
        facts=facts,
    )
