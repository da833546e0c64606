"""Tests of the count of inbound rules of the nodes' security group."""

from __future__ import annotations

from infra.kubernetes.inference import GRPC_PORT, HTTP_PORT
from infra.planning.node_rules import COLLECTOR_RULES, FILESYSTEM_RULES, SERVED_PORTS, inbound_rules
from tests.unit.infra.recording import guarded_estate

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def test_each_load_balancer_adds_for_zones_and_for_callers() -> None:
    """Six tenants with one range: 2 x (3 + 1) each, one for the range's packets, EKS' own, two."""
    assert inbound_rules([["10.0.0.0/8"]] * 6, filesystems=0) == 6 * 8 + 1 + 1 + 2


def test_ranges_that_differ_are_told_of_packets_each() -> None:
    """2 x (3 + 2) and 2 x (3 + 1), three ranges, EKS' own, the collector's two, two of a file system."""
    assert inbound_rules([["10.0.0.0/8", "172.16.0.0/12"], ["192.168.0.0/16"]], filesystems=1) == 26


def test_it_counts_what_the_program_makes() -> None:
    """The two ports of the model server, and the rules of a file system and of the collector."""
    service = guarded_estate().one("kubernetes:core/v1:Service", "vision-inference").inputs["spec"]
    assert [port["port"] for port in service["ports"]] == [HTTP_PORT, GRPC_PORT]
    assert len(service["ports"]) == SERVED_PORTS
    nodes = [
        rule
        for rule in guarded_estate().of(INGRESS)
        if rule.inputs["securityGroupId"] == "groundplan-dev-nodes"
    ]
    assert len(nodes) == FILESYSTEM_RULES + COLLECTOR_RULES
