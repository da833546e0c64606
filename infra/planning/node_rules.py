"""Inbound rules of the nodes' security group: who adds how many."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from infra.planning.subnets import ZONE_COUNT

SERVED_PORTS = 2
"""Of a model server's load balancer, HTTP and gRPC: each is a port of the nodes."""
FILESYSTEM_RULES = 2
"""Lustre's two ranges of ports, by which servers call clients back."""
COLLECTOR_RULES = 2
"""The API server's port and that of pods' metrics, for the collector of metrics."""
_OWN = 1
"""EKS' own rule, by which nodes reach each other."""


def inbound_rules(callers: Iterable[Collection[str]], *, filesystems: int) -> int:
    """How many rules the group needs, all load balancers, file systems and the collector together.

    For each port of a load balancer EKS adds a rule for each of its subnets, from which it checks health, and
    one for each range of callers; and a rule for each range, so that paths can say how large packets may be.
    Source: `updateInstanceSecurityGroupsForNLB` in pkg/providers/v1/aws_loadbalancer.go of
    kubernetes/cloud-provider-aws.

    Args:
        callers: of each load balancer, the ranges from which it may be called.
        filesystems: file systems whose servers reach nodes.
    """
    ranges = [set(each) for each in callers]
    balanced = sum(SERVED_PORTS * (ZONE_COUNT + len(each)) for each in ranges)
    return _OWN + COLLECTOR_RULES + balanced + len(set().union(*ranges)) + FILESYSTEM_RULES * filesystems
