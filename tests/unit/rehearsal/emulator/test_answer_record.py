"""Who answered a call of the AWS provider is written down: moto, moto as amended, or we."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal.emulator import answer_record
from groundplan.rehearsal.emulator.patching import Origin
from tests.unit.rehearsal.emulator.emulated import REGION, Emulated


@pytest.fixture(scope="module")
def provider(aws: Emulated) -> Callable[[str], Any]:
    """Makes clients that call themselves what the AWS provider calls itself."""

    def rename(request: Any, **_: Any) -> None:
        request.headers["User-Agent"] = "terraform-provider-aws/5.100.0"

    def client(service: str) -> Any:
        made = aws.client(service)
        made.meta.events.register("before-send", rename)
        return made

    return client


def _found(aws: Emulated) -> dict[str, set[Origin]]:
    return answer_record.read(answer_record.record_file(aws.emulator.world))


def test_each_answer_has_its_origin(aws: Emulated, provider: Callable[[str], Any]) -> None:
    """Moto has SQS whole, AWS' flow logs with an amendment, and neither placement groups nor our EKS."""
    provider("sqs").create_queue(QueueName="one")
    vpc = provider("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    provider("s3").create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    provider("ec2").create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::logs",
    )
    provider("ec2").create_placement_group(GroupName="close", Strategy="cluster")
    provider("eks").list_clusters()
    # Tests of other files may have been the provider before, in the same account.
    assert (
        _found(aws).items()
        >= {
            "SQS:CreateQueue": {Origin.MOTO},
            "EC2:CreateVpc": {Origin.MOTO},
            "S3:CreateBucket": {Origin.MOTO},
            "EC2:CreateFlowLogs": {Origin.AMENDED},
            "EC2:CreatePlacementGroup": {Origin.OURS},
            "EKS:ListClusters": {Origin.OURS},
        }.items()
    )


def test_only_the_providers_successes_count(aws: Emulated, provider: Callable[[str], Any]) -> None:
    """An error shows nothing, and neither does a call of somebody else."""
    before = _found(aws)
    with pytest.raises(ClientError):
        provider("sns").get_topic_attributes(TopicArn=f"arn:aws:sns:{REGION}:123456789012:none")
    aws.client("sns").create_topic(Name="one")
    assert _found(aws) == before


def test_what_was_written_is_not_written_again(aws: Emulated) -> None:
    """An emulator that begins anew goes on with the same file."""
    file = answer_record.record_file(aws.emulator.world)
    lines = file.read_text().splitlines()
    assert len(lines) == len(set(lines)) > 0
