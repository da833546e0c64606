"""Tests of who may use the event stream."""

from __future__ import annotations

from tests.unit.infra.recording import ACCOUNT_ID, Registered, dev_estate, guarded_estate

ROLE, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
INGEST = f"arn:aws:iam::{ACCOUNT_ID}:role/groundplan-dev-vision-ingest"
KAFKA = f"arn:aws:kafka:eu-central-1:{ACCOUNT_ID}"


def _role(name: str) -> Registered:
    return guarded_estate().one(ROLE, name)


def test_a_tenants_clients_are_one_user_of_kafka() -> None:
    """Its quota is that user's: no client can take another name, and none of another tenant can be it."""
    [taken, tagged] = _role("groundplan-dev-vision-stream").document("assumeRolePolicy")
    assert taken["Action"] == ["sts:AssumeRole"]
    assert taken["Principal"] == {"AWS": [INGEST]}
    assert taken["Condition"] == {"StringEquals": {"sts:RoleSessionName": "vision"}}
    assert (tagged["Action"], tagged["Principal"]) == (["sts:TagSession"], {"AWS": [INGEST]})


def test_clients_use_topics_and_groups_of_their_tenant() -> None:
    """They write and read; to make, change or delete a topic is the program's."""
    statements = {
        each["Sid"]: each for each in guarded_estate().one(POLICY, "groundplan-dev-vision-stream").document()
    }
    assert {sid: each["Resource"] for sid, each in statements.items()} == {
        "Connect": f"{KAFKA}:cluster/groundplan-dev/*",
        "UseTopics": f"{KAFKA}:topic/groundplan-dev/*/vision.*",
        "UseGroups": f"{KAFKA}:group/groundplan-dev/*/vision.*",
    }
    assert statements["UseTopics"]["Action"] == [
        "kafka-cluster:DescribeTopic",
        "kafka-cluster:ReadData",
        "kafka-cluster:WriteData",
    ]


def test_only_who_takes_events_in_becomes_a_client() -> None:
    """The other workloads of the tenant have nothing to do with the stream."""
    found = [each for each in guarded_estate().of(POLICY) if "BecomeClientOfStream" in each.inputs["policy"]]
    assert [each.name for each in found] == ["groundplan-dev-vision-ingest"]
    [statement] = [each for each in found[0].document() if each["Sid"] == "BecomeClientOfStream"]
    assert statement["Resource"] == f"arn:aws:iam::{ACCOUNT_ID}:role/groundplan-dev-vision-stream"


def test_the_keeper_sets_quotas_and_sees_no_event() -> None:
    """One service account of one namespace, and three actions on the cluster."""
    [trust] = _role("groundplan-dev-streaming-quotas").document("assumeRolePolicy")
    equal = trust["Condition"]["StringEquals"]
    assert equal["aws:RequestTag/kubernetes-namespace"] == "streaming"
    assert equal["aws:RequestTag/kubernetes-service-account"] == "quotas"
    [statement] = guarded_estate().one(POLICY, "groundplan-dev-streaming-quotas").document()
    assert statement["Action"] == [
        "kafka-cluster:AlterClusterDynamicConfiguration",
        "kafka-cluster:Connect",
        "kafka-cluster:DescribeClusterDynamicConfiguration",
    ]


def test_there_are_no_such_roles_without_topics() -> None:
    """As where MSK is serverless."""
    names = {role.name for role in dev_estate().of(ROLE)}
    assert not {name for name in names if name.endswith(("-stream", "-quotas"))}
