"""Tests of the topics that the adapter serves by itself, by the provider's protocol, on an account."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2

from groundplan.rehearsal.deployer_policy import record_file
from groundplan.rehearsal.emulator.deployer_record import read
from groundplan.rehearsal.emulator.kafka.permissions import topic_needs
from groundplan.rehearsal.providers.aws.msk_topic import MskTopics
from tests.unit.rehearsal.emulator.emulated import REGION, Emulated, emulated

SETTINGS = json.dumps({"min.insync.replicas": "2", "retention.ms": "1000"})


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulated]:
    """An account."""
    with emulated(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="module")
def topics(aws: Emulated) -> MskTopics:
    """As the adapter makes it."""
    login = aws.credentials
    return MskTopics(
        {
            "AWS_ENDPOINT_URL": aws.emulator.api.local_url,
            "AWS_CA_BUNDLE": str(aws.emulator.world.certificate_authority),
            "AWS_ACCESS_KEY_ID": login["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": login["SecretAccessKey"],
            "AWS_SESSION_TOKEN": login["SessionToken"],
        }
    )


@pytest.fixture(scope="module")
def inputs(aws: Emulated) -> dict[str, Any]:
    """Of a topic on a cluster that is there."""
    nodes = {"ClientSubnets": aws.subnets, "InstanceType": "kafka.m7g.large"}
    cluster = aws.client("kafka").create_cluster(
        ClusterName="c", KafkaVersion="3.9.x.kraft", NumberOfBrokerNodes=3, BrokerNodeGroupInfo=nodes
    )["ClusterArn"]
    return {
        "clusterArn": cluster,
        "name": "t",
        "partitionCount": 3,
        "replicationFactor": 3,
        "configs": SETTINGS,
    }


def struct(properties: dict[str, Any]) -> struct_pb2.Struct:
    """As the protocol has it."""
    message = struct_pb2.Struct()
    message.update(properties)
    return message


def test_wrong_inputs_are_refused(topics: MskTopics, inputs: dict[str, Any]) -> None:
    """Each is named; the region is filled in."""
    wrong = {**inputs, "configs": "[1]", "tags": {"a": "b"}}
    del wrong["partitionCount"]
    answer = topics.check(provider_pb2.CheckRequest(news=struct(wrong)), REGION)
    assert [failure.property for failure in answer.failures] == ["partitionCount", "tags", "configs"]
    assert answer.inputs["region"] == REGION


def test_nothing_is_made_by_a_preview(topics: MskTopics, inputs: dict[str, Any], aws: Emulated) -> None:
    """What AWS computes is unknown then."""
    planned = topics.create(provider_pb2.CreateRequest(properties=struct(inputs), preview=True))
    assert not planned.id
    assert {"arn", "configsActual"} <= planned.properties.fields.keys()
    assert aws.client("kafka").list_topics(ClusterArn=inputs["clusterArn"])["Topics"] == []


def test_a_topic_lives_and_is_gone(topics: MskTopics, inputs: dict[str, Any]) -> None:
    """Made, read, imported, changed in place, deleted; then there is nothing to read, or to delete."""
    given = struct({**inputs, "region": REGION})
    made = topics.create(provider_pb2.CreateRequest(properties=given))
    assert topics.diff(provider_pb2.DiffRequest(olds=made.properties, news=given)).diffs == []
    assert made.id == f"{inputs['clusterArn']},t"  # by which `groundplan state` imports what a crash left
    imported = topics.read(provider_pb2.ReadRequest(id=made.id))
    assert json_format.MessageToDict(imported.inputs)["partitionCount"] == 3
    changes = {"partitionCount": 6, "configs": '{"retention.ms": "2000"}'}
    wanted = struct({**inputs, "region": REGION, **changes})
    found = topics.diff(provider_pb2.DiffRequest(olds=made.properties, news=wanted))
    assert (list(found.diffs), list(found.replaces)) == (["partitionCount", "configs"], [])
    changed = topics.update(provider_pb2.UpdateRequest(id=made.id, olds=made.properties, news=wanted))
    after = json_format.MessageToDict(changed.properties)
    assert (after["partitionCount"], json.loads(after["configs"])) == (6, {"retention.ms": "2000"})
    assert json.loads(after["configsActual"])["min.insync.replicas"] == "1"
    for _ in range(2):
        topics.delete(provider_pb2.DeleteRequest(id=made.id, properties=changed.properties))
    assert topics.read(provider_pb2.ReadRequest(id=made.id, properties=changed.properties)).id == ""


def test_a_topic_lies_in_the_region_of_its_stack(topics: MskTopics, aws: Emulated) -> None:
    """The provider may be configured for another region than that of the rehearsal."""
    client, ec2 = (aws.client(service, region="eu-west-1") for service in ("kafka", "ec2"))
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
    nodes = {"ClientSubnets": subnets, "InstanceType": "kafka.m7g.large"}
    cluster = client.create_cluster(
        ClusterName="c", KafkaVersion="3.9.x.kraft", NumberOfBrokerNodes=3, BrokerNodeGroupInfo=nodes
    )["ClusterArn"]
    news = struct({"clusterArn": cluster, "name": "t", "partitionCount": 3, "replicationFactor": 3})
    checked = topics.check(provider_pb2.CheckRequest(news=news), "eu-west-1")
    made = topics.create(provider_pb2.CreateRequest(properties=checked.inputs))
    assert [each["TopicName"] for each in client.list_topics(ClusterArn=cluster)["Topics"]] == ["t"]
    assert topics.read(provider_pb2.ReadRequest(id=made.id)).id == made.id
    topics.delete(provider_pb2.DeleteRequest(id=made.id, properties=made.properties))
    assert client.list_topics(ClusterArn=cluster)["Topics"] == []


def test_another_name_or_cluster_is_another_topic(topics: MskTopics, inputs: dict[str, Any]) -> None:
    """Neither can be changed in place, nor can the number of replicas."""
    old = struct({**inputs, "region": REGION})
    for change in ({"name": "u"}, {"clusterArn": "arn:other"}, {"replicationFactor": 2}):
        wanted = struct({**inputs, "region": REGION, **change})
        found = topics.diff(provider_pb2.DiffRequest(olds=old, news=wanted))
        assert list(found.replaces) == list(change)


def test_rights_are_those_of_kafka_on_cluster_and_topic() -> None:
    """MSK's own actions are not asked for; the program of a deployer needs these."""
    cluster = "arn:aws:kafka:eu-central-1:1:cluster/c/id"
    needs = list(topic_needs("UpdateTopic", {"ClusterArn": cluster, "TopicName": "t"}))
    assert [(need.action, need.resource) for need in needs] == [
        ("kafka-cluster:Connect", cluster),
        ("kafka-cluster:DescribeTopic", "arn:aws:kafka:eu-central-1:1:topic/c/id/t"),
        ("kafka-cluster:AlterTopic", "arn:aws:kafka:eu-central-1:1:topic/c/id/t"),
        ("kafka-cluster:AlterTopicDynamicConfiguration", "arn:aws:kafka:eu-central-1:1:topic/c/id/t"),
    ]
    assert list(topic_needs("DescribeCluster", {"ClusterArn": cluster})) == []


def test_what_it_calls_is_the_deployers(topics: MskTopics, inputs: dict[str, Any], aws: Emulated) -> None:
    """The policy that is derived from a rehearsal lets the deployer make, change and delete topics."""
    given = struct({**inputs, "name": "recorded", "region": REGION})
    made = topics.create(provider_pb2.CreateRequest(properties=given))
    topics.delete(provider_pb2.DeleteRequest(id=made.id, properties=made.properties))
    needs = read(record_file(aws.emulator.world))
    topic = f"{inputs['clusterArn'].replace(':cluster/', ':topic/')}/recorded"
    assert {"kafka-cluster:CreateTopic", "kafka-cluster:DeleteTopic"} <= {
        need.action for need in needs if need.resource == topic
    }
