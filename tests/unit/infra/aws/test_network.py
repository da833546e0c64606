"""Tests of the network: what is public, how traffic leaves, what is recorded."""

from __future__ import annotations

import json

from tests.unit.infra.recording import ACCOUNT_ID, dev_estate, guarded_estate


def test_no_subnet_hands_out_public_addresses() -> None:
    """Nine subnets, and not even the public ones make an instance public."""
    subnets = dev_estate().of("aws:ec2/subnet:Subnet")
    assert len(subnets) == 9
    assert not [subnet.name for subnet in subnets if subnet.inputs["mapPublicIpOnLaunch"]]


def test_only_the_public_table_leads_to_the_internet_gateway() -> None:
    """Private subnets leave through NAT, isolated ones have no way out."""
    routes = {route.name: route.inputs for route in dev_estate().of("aws:ec2/route:Route")}
    public = [name for name, inputs in routes.items() if "gatewayId" in inputs]
    assert public == ["groundplan-dev-public-internet"]
    assert all("natGatewayId" in inputs for name, inputs in routes.items() if name not in public)
    tables = {inputs["routeTableId"] for inputs in routes.values()}
    assert "groundplan-dev-isolated-id" not in tables


def test_one_nat_gateway_is_shared_in_dev() -> None:
    """Three private tables, one gateway."""
    routes = [
        route.inputs for route in dev_estate().of("aws:ec2/route:Route") if "natGatewayId" in route.inputs
    ]
    assert len(routes) == 3
    assert {route["natGatewayId"] for route in routes} == {"groundplan-dev-nat-eu-central-1a-id"}


def test_each_zone_has_its_own_nat_gateway_where_asked_for() -> None:
    """Losing a zone takes no other zone's way out."""
    estate = guarded_estate()
    assert len(estate.of("aws:ec2/natGateway:NatGateway")) == 3
    routes = [route for route in estate.of("aws:ec2/route:Route") if "natGatewayId" in route.inputs]
    for route in routes:
        zone = route.name.removeprefix("groundplan-dev-private-").removesuffix("-nat")
        assert route.inputs["natGatewayId"] == f"groundplan-dev-nat-{zone}-id"


def test_the_default_security_group_allows_nothing() -> None:
    """What forgets its security group can talk to nobody."""
    group = dev_estate().one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def test_s3_is_reached_without_nat_and_in_this_account_only() -> None:
    """The endpoint serves private and isolated tables; buckets of other accounts are out of reach."""
    endpoint = dev_estate().one("aws:ec2/vpcEndpoint:VpcEndpoint")
    assert endpoint.inputs["vpcEndpointType"] == "Gateway"
    assert len(endpoint.inputs["routeTableIds"]) == 4
    own, layers = endpoint.document()
    assert own["Condition"] == {"StringEquals": {"aws:ResourceAccount": ACCOUNT_ID}}
    assert layers["Action"] == ["s3:GetObject"]
    assert "s3:*" not in json.dumps([own, layers])


def test_all_traffic_is_recorded_into_an_encrypted_group() -> None:
    """Accepted and refused connections go to a log group with our key and an end."""
    estate = dev_estate()
    flow_log = estate.one("aws:ec2/flowLog:FlowLog")
    group = estate.one("aws:cloudwatch/logGroup:LogGroup", "groundplan-dev-flow-logs")
    assert flow_log.inputs["trafficType"] == "ALL"
    assert group.inputs["kmsKeyId"] == "arn:of:aws:kms/key:Key:groundplan-dev-logs"
    assert group.inputs["retentionInDays"] == 30
