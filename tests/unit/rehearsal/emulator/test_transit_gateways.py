"""Transit gateways that are there before the account's own things."""

from __future__ import annotations

from groundplan.rehearsal.emulator.transit_gateways import NETWORK_ACCOUNT
from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, Emulated

GATEWAY = "tgw-0a1b2c3d4e5f60718"


def test_a_vpc_is_attached_to_a_shared_gateway(aws: Emulated) -> None:
    """It belongs to another account; the attachment is ours, with its tags, and is available at once."""
    client = checked_client(aws, "ec2")
    vpc = client.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = client.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    tags = [{"ResourceType": "transit-gateway-attachment", "Tags": [{"Key": "Name", "Value": "one"}]}]
    made = client.create_transit_gateway_vpc_attachment(
        TransitGatewayId=GATEWAY, VpcId=vpc, SubnetIds=[subnet], TagSpecifications=tags
    )["TransitGatewayVpcAttachment"]
    named = {"TransitGatewayAttachmentIds": [made["TransitGatewayAttachmentId"]]}
    [told] = client.describe_transit_gateway_vpc_attachments(**named)["TransitGatewayVpcAttachments"]
    assert (told["State"], told["VpcOwnerId"]) == ("available", ACCOUNT_ID)
    assert f"TransitGatewayVpcAttachments/{told['TransitGatewayAttachmentId']}" in left(aws, "ec2")
    assert told["Tags"] == [{"Key": "Name", "Value": "one"}]
    [gateway] = client.describe_transit_gateways(TransitGatewayIds=[GATEWAY])["TransitGateways"]
    assert gateway["OwnerId"] == NETWORK_ACCOUNT
    client.delete_transit_gateway_vpc_attachment(
        TransitGatewayAttachmentId=named["TransitGatewayAttachmentIds"][0]
    )
    [told] = client.describe_transit_gateway_vpc_attachments(**named)["TransitGatewayVpcAttachments"]
    assert told["State"] == "deleted"
    assert not [one for one in left(aws, "ec2") if one.startswith("TransitGateway")]
    again = client.create_transit_gateway_vpc_attachment(
        TransitGatewayId=GATEWAY, VpcId=vpc, SubnetIds=[subnet]
    )["TransitGatewayVpcAttachment"]
    assert (again["State"], again["TransitGatewayAttachmentId"]) != (
        "deleted",
        told["TransitGatewayAttachmentId"],
    )
