"""Fleets' security groups and long polls of queues, as we corrected them in moto."""

from __future__ import annotations

import threading
import time

from tests.unit.rehearsal.emulator.emulated import Emulated


def test_instances_of_a_fleet_are_in_the_groups_of_their_template(aws: Emulated) -> None:
    """Those of its first interface, for spot and on demand."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    interface = {"DeviceIndex": 0, "Groups": [group]}
    ec2.create_launch_template(
        LaunchTemplateName="nodes",
        LaunchTemplateData={"ImageId": image, "NetworkInterfaces": [interface]},
    )
    for kind in ("spot", "on-demand"):
        fleet = ec2.create_fleet(
            Type="instant",
            LaunchTemplateConfigs=[
                {
                    "LaunchTemplateSpecification": {"LaunchTemplateName": "nodes", "Version": "$Latest"},
                    "Overrides": [{"InstanceType": "m7i.large", "SubnetId": subnet}],
                }
            ],
            TargetCapacitySpecification={"DefaultTargetCapacityType": kind, "TotalTargetCapacity": 1},
        )
        ids = fleet["Instances"][0]["InstanceIds"]
        [reservation] = ec2.describe_instances(InstanceIds=ids)["Reservations"]
        assert [each["GroupId"] for each in reservation["Instances"][0]["SecurityGroups"]] == [group], kind
        ec2.terminate_instances(InstanceIds=ids)


def test_who_waits_for_messages_holds_up_nobody(aws: Emulated) -> None:
    """Another call is answered meanwhile, and the message arrives when it is sent, not at the end."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="news")["QueueUrl"]
    bodies: list[str] = []

    def receive() -> None:
        found = aws.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", [])
        bodies.extend(message["Body"] for message in found)

    began = time.monotonic()
    waiting = threading.Thread(target=receive)
    waiting.start()
    time.sleep(0.5)
    sqs.send_message(QueueUrl=url, MessageBody="it ends")
    waiting.join(15)
    assert bodies == ["it ends"]
    assert time.monotonic() - began < 15
