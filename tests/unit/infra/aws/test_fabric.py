"""Tests of pools whose nodes train together by EFA."""

from __future__ import annotations

import tomllib
from base64 import b64decode

from tests.unit.infra.recording import dev_estate, prod_estate

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
POOL = "groundplan-prod-training"


def test_all_traffic_passes_within_the_group_and_none_from_outside() -> None:
    """EFA needs both directions; neither rule names an address."""
    for type_ in (INGRESS, EGRESS):
        rule = prod_estate().one(type_, f"{POOL}-efa").inputs
        assert rule["ipProtocol"] == "-1"
        assert rule["referencedSecurityGroupId"] == rule["securityGroupId"] == f"{POOL}-efa-id"
        assert "cidrIpv4" not in rule


def test_every_network_card_has_an_interface() -> None:
    """A p4d.24xlarge has 4 cards; only the first interface takes an address."""
    interfaces = prod_estate().one(TEMPLATE, POOL).inputs["networkInterfaces"]
    assert [interface["networkCardIndex"] for interface in interfaces] == list(range(4))
    assert [interface["interfaceType"] for interface in interfaces] == ["efa"] + ["efa-only"] * 3
    assert [interface["deviceIndex"] for interface in interfaces] == [0] + [1] * 3
    for interface in interfaces:
        assert interface["securityGroups"] == ["groundplan-prod-nodes", f"{POOL}-efa-id"]


def test_nodes_stand_close_together_in_one_zone() -> None:
    """A cluster placement group cannot span zones, so neither does the pool."""
    estate = prod_estate()
    assert estate.one("aws:ec2/placementGroup:PlacementGroup", POOL).inputs["strategy"] == "cluster"
    assert estate.one(TEMPLATE, POOL).inputs["placement"] == {"groupName": POOL}
    group = estate.one("aws:eks/nodeGroup:NodeGroup", POOL)
    assert group.inputs["subnetIds"] == ["groundplan-prod-private-eu-central-1a-id"]


def test_other_pools_have_none_of_it() -> None:
    """They spread over all zones, and EKS gives them its own group."""
    assert not dev_estate().of("aws:ec2/placementGroup:PlacementGroup")
    template = dev_estate().one(TEMPLATE, "groundplan-dev-gpu").inputs
    assert not {"placement", "networkInterfaces"} & set(template)
    assert len(dev_estate().one("aws:eks/nodeGroup:NodeGroup", "groundplan-dev-gpu").inputs["subnetIds"]) == 3


def test_pods_may_lock_as_much_memory_as_they_have() -> None:
    """Adapters read it in its place. It is a limit of the node, for a restricted pod cannot lift its own."""
    user_data = prod_estate().one(TEMPLATE, POOL).inputs["userData"]
    settings = tomllib.loads(b64decode(user_data).decode())["settings"]
    limit = {"hard-limit": "unlimited", "soft-limit": "unlimited"}
    assert settings["oci-defaults"] == {"resource-limits": {"max-locked-memory": limit}}
