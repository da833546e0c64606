"""Tests of the network: what is public, how traffic leaves, what is recorded."""

from __future__ import annotations

from tests.unit.infra.recording import (
    ACCOUNT_ID,
    Recording,
    Registered,
    dev_config,
    dev_estate,
    dev_settings,
    guarded_estate,
    prod_estate,
    record,
    run_program,
)

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
OF_AMAZON = {
    "ecr-api": ["PullImages"],
    "ecr-dkr": ["PullImages"],
    "ec2": ["LaunchImagesOfAmazon"],
}
"""Statements about what lies in Amazon's own accounts, by endpoint."""
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def test_no_subnet_hands_out_public_addresses() -> None:
    """Twelve subnets, and not even the public ones make an instance public."""
    subnets = dev_estate().of("aws:ec2/subnet:Subnet")
    assert len(subnets) == 12
    assert not [subnet.name for subnet in subnets if subnet.inputs["mapPublicIpOnLaunch"]]


def test_pods_have_subnets_of_their_own() -> None:
    """One a zone, in a range that the VPC has by then; they leave as their zone's nodes do."""
    estate = dev_estate()
    pods = [subnet for subnet in estate.of("aws:ec2/subnet:Subnet") if "-pods-" in subnet.name]
    added = estate.of("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation")
    assert [subnet.inputs["cidrBlock"] for subnet in pods] == [each.inputs["cidrBlock"] for each in added]
    assert {each.urn for each in added} <= estate.one("groundplan:aws:Cluster").dependencies
    for subnet in pods:
        assert {each.urn for each in added} <= subnet.dependencies
        zone = subnet.inputs["availabilityZone"]
        (association,) = [
            each.inputs
            for each in estate.of("aws:ec2/routeTableAssociation:RouteTableAssociation")
            if each.inputs["subnetId"] == f"{subnet.name}-id"
        ]
        assert association["routeTableId"] == f"groundplan-dev-private-{zone}-id"


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


def test_nat_gateways_wait_for_the_internet_gateway() -> None:
    """Nothing they are made from names it, but a NAT gateway in a VPC without one fails."""
    estate = guarded_estate()
    internet = estate.one("aws:ec2/internetGateway:InternetGateway").urn
    for kind in ("aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"):
        assert len(estate.of(kind)) == 3
        assert all(internet in each.dependencies for each in estate.of(kind)), kind


def test_the_default_security_group_allows_nothing() -> None:
    """What forgets its security group can talk to nobody."""
    group = dev_estate().one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def test_s3_is_reached_without_nat_and_in_this_account_only() -> None:
    """The endpoint serves private and isolated tables; buckets and callers of other accounts are refused."""
    endpoint = dev_estate().one(ENDPOINT, "groundplan-dev-s3")
    assert endpoint.inputs["vpcEndpointType"] == "Gateway"
    assert len(endpoint.inputs["routeTableIds"]) == 4
    own, layers = endpoint.document()
    assert own["Condition"] == {
        "StringEquals": {"aws:PrincipalAccount": ACCOUNT_ID, "aws:ResourceAccount": ACCOUNT_ID}
    }
    assert layers["Action"] == ["s3:GetObject"]
    assert layers["Resource"] == [
        "arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*",
        "arn:aws:s3:::prod-registry-k8s-io-eu-central-1/*",
    ]


def test_who_deploys_from_inside_the_network_is_not_stopped_by_the_endpoint() -> None:
    """Everything that the policy of a bucket is made by goes through it; identities say who may."""
    own, _ = dev_estate().one(ENDPOINT, "groundplan-dev-s3").document()
    assert own["Action"] == ["s3:*"]


def test_services_have_addresses_in_every_zone() -> None:
    """Under their public names, in isolated subnets, for the VPC and by HTTPS only."""
    endpoints = _interfaces(prod_estate())
    assert {"ecr-api", "ecr-dkr", "sts", "kms", "logs", "secretsmanager", "eks", "eks-auth", "ec2"} <= set(
        endpoints
    )
    assert len(_interfaces(dev_estate())) < len(endpoints)
    for endpoint in endpoints.values():
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert len(endpoint.inputs["subnetIds"]) == 3
        assert all("isolated" in subnet for subnet in endpoint.inputs["subnetIds"])
        assert endpoint.inputs["securityGroupIds"] == ["groundplan-prod-endpoints-id"]
    rule = prod_estate().one(INGRESS, "groundplan-prod-endpoints").inputs
    assert (rule["fromPort"], rule["toPort"], rule["cidrIpv4"]) == (443, 443, "10.48.0.0/16")


def test_every_endpoint_serves_our_callers_only() -> None:
    """No statement lets credentials of another account be used in the VPC, and none writes elsewhere."""
    for name, endpoint in _interfaces(prod_estate()).items():
        own, *others = endpoint.document()
        assert own["Condition"]["StringEquals"] == {"aws:PrincipalAccount": ACCOUNT_ID}
        assert own["Condition"]["StringEqualsIfExists"] == {"aws:ResourceAccount": ACCOUNT_ID}
        assert [other["Sid"] for other in others] == OF_AMAZON.get(name, [])
        for other in others:
            assert other["Condition"]["StringEquals"] == {"aws:PrincipalAccount": ACCOUNT_ID}
            assert not [action for action in other["Action"] if "Put" in action or "*" in action]


def test_nodes_are_launched_from_images_of_amazon() -> None:
    """Their owner is not this account: without a statement of their own, Karpenter would launch nothing."""
    _, launch = _interfaces(prod_estate())["ec2"].document()
    assert launch["Action"] == ["ec2:CreateFleet", "ec2:RunInstances"]
    assert launch["Resource"] == [
        "arn:aws:ec2:eu-central-1::image/*",
        "arn:aws:ec2:eu-central-1::snapshot/*",
    ]
    assert launch["Condition"]["StringEqualsIfExists"] == {"ec2:Owner": "amazon"}


def test_names_of_images_are_read_from_parameters_of_amazon() -> None:
    """Those below `/aws/service` are in no account; no other parameter of a stranger's is let through."""
    network = dev_config()["groundplan:platform"]["network"] | {"endpoints": ["ssm"]}
    estate = record(lambda: run_program(dev_settings(network=network)))
    _, read = _interfaces(estate)["ssm"].document()
    assert read["Action"] == ["ssm:GetParameter"]
    assert read["Resource"] == "arn:aws:ssm:eu-central-1::parameter/aws/service/*"


def test_an_organisation_widens_resources_and_narrows_callers() -> None:
    """Where it is named, its resources may be reached, by callers that belong to it."""
    network = dev_config()["groundplan:platform"]["network"] | {"organization_id": "o-a1b2c3d4e5"}
    estate = record(lambda: run_program(dev_settings(network=network)))
    own, _ = estate.one(ENDPOINT, "groundplan-dev-s3").document()
    assert own["Condition"]["StringEquals"] == {
        "aws:PrincipalAccount": ACCOUNT_ID,
        "aws:PrincipalOrgID": "o-a1b2c3d4e5",
        "aws:ResourceOrgID": "o-a1b2c3d4e5",
    }
    [own] = _interfaces(estate)["sts"].document()
    assert own["Condition"]["StringEqualsIfExists"] == {"aws:ResourceOrgID": "o-a1b2c3d4e5"}


def _interfaces(estate: Recording) -> dict[str, Registered]:
    """The network's interface endpoints by service. That of the dashboards is theirs, and has no policy."""
    return {
        endpoint.name.partition("-endpoints-")[2]: endpoint
        for endpoint in estate.of(ENDPOINT)
        if "-endpoints-" in endpoint.name
    }


def test_all_traffic_is_recorded_into_an_encrypted_group() -> None:
    """Accepted and refused connections go to a log group with our key and an end."""
    estate = dev_estate()
    flow_log = estate.one("aws:ec2/flowLog:FlowLog")
    group = estate.one("aws:cloudwatch/logGroup:LogGroup", "groundplan-dev-flow-logs")
    assert flow_log.inputs["trafficType"] == "ALL"
    assert group.inputs["kmsKeyId"] == "arn:of:aws:kms/key:Key:groundplan-dev-logs"
    assert group.inputs["retentionInDays"] == 30


def test_networks_outside_are_reached_by_the_transit_gateway() -> None:
    """One interface of it in each zone; private and isolated subnets send there, once the VPC is attached."""
    estate = prod_estate()
    attachment = estate.one("aws:ec2transitgateway/vpcAttachment:VpcAttachment")
    assert attachment.inputs["subnetIds"] == [
        f"groundplan-prod-isolated-eu-central-1{zone}-id" for zone in "abc"
    ]
    gateway = attachment.inputs["transitGatewayId"]
    routes = [one for one in estate.of("aws:ec2/route:Route") if one.inputs.get("transitGatewayId")]
    assert {one.inputs["transitGatewayId"] for one in routes} == {gateway}
    assert {one.inputs["destinationCidrBlock"] for one in routes} == {"10.0.0.0/12"}
    assert {one.inputs["routeTableId"] for one in routes} == {
        *(f"groundplan-prod-private-eu-central-1{zone}-id" for zone in "abc"),
        "groundplan-prod-isolated-id",
    }
    assert all(attachment.urn in one.dependencies for one in routes)


def test_without_a_transit_gateway_nothing_leads_outside() -> None:
    """Dev has none."""
    assert not dev_estate().of("aws:ec2transitgateway/vpcAttachment:VpcAttachment")
