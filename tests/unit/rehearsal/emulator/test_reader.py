"""The reader: what its calls need is noted apart; held to that, it sees what it saw and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal import deployer_policy
from groundplan.rehearsal.emulator import deployer
from groundplan.rehearsal.emulator.deployer_record import PROVIDER
from groundplan.rehearsal.world import READER
from tests.unit.rehearsal.emulator.emulated import REGION, Emulated


@pytest.fixture(scope="module")
def session(aws: Emulated) -> dict[str, str]:
    """Credentials of the reader."""
    world = aws.emulator.world
    return deployer.create_reader(aws.emulator.api.local_url, world.certificate_authority, REGION)


def _as_provider(aws: Emulated, session: dict[str, str], service: str) -> Any:
    client = aws.client(service, session)
    client.meta.events.register("before-sign", lambda request, **_: _call_itself(request))
    return client


def _call_itself(request: Any) -> None:
    request.headers["User-Agent"] = f"APN/1.0 {PROVIDER}/5.100.0"


def test_it_may_do_what_it_was_seen_to_need_and_nothing_else(aws: Emulated, session: dict[str, str]) -> None:
    """Calls of a shell are not noted; the deployer's record has none of the reader's."""
    made = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    reader = _as_provider(aws, session, "kms")
    assert reader.describe_key(KeyId=made)["KeyMetadata"]["Enabled"]
    aws.client("ec2", session).describe_vpcs()
    [document] = deployer_policy.derive(aws.emulator.world, READER)
    [statement] = document["Statement"]
    assert statement["Action"] == ["kms:DescribeKey"]
    policy = aws.client("iam").create_policy(PolicyName="reading", PolicyDocument=json.dumps(document))
    aws.client("iam").attach_role_policy(RoleName=READER, PolicyArn=policy["Policy"]["Arn"])
    assert reader.describe_key(KeyId=made)["KeyMetadata"]["Enabled"]
    for refused in (
        lambda: reader.schedule_key_deletion(KeyId=made),
        lambda: aws.client("ec2", session).describe_vpcs(),
    ):
        with pytest.raises(ClientError, match="not authorized to perform"):
            refused()
