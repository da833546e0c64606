"""Every answer of our own MSK has the shape that AWS' service model gives it."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from groundplan.rehearsal.emulator.kafka.response import KafkaResponse, implemented
from groundplan.rehearsal.emulator.shapes import problems
from tests.contract.test_emulator_responses import Recorder, unknown_members
from tests.unit.rehearsal.emulator.emulated import Emulated, emulated

Answers = dict[str, tuple[dict[str, Any], dict[str, Any]]]
OPTIONAL = {"NextToken"}
READ_BY_THE_PROVIDER = (
    "BrokerNodeGroupInfo ClientAuthentication CurrentBrokerSoftwareInfo EncryptionInfo EnhancedMonitoring "
    "NumberOfBrokerNodes StorageMode"
)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulated]:
    """An emulator."""
    with emulated(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="module")
def answers(aws: Emulated) -> Answers:
    """One answer of every operation, from the life of a configuration and a cluster of each form."""
    kafka = aws.client("kafka")
    recorder = Recorder(kafka, "kafka")
    configuration = use_configurations(kafka)
    cluster = use_cluster(kafka, aws, configuration)
    use_topics(kafka, cluster)
    serverless = kafka.create_cluster_v2(ClusterName="two", Serverless=serverless_form(aws))["ClusterArn"]
    kafka.list_clusters_v2(ClusterTypeFilter="SERVERLESS")
    kafka.describe_cluster_v2(ClusterArn=cluster)
    kafka.tag_resource(ResourceArn=serverless, Tags={"a": "b"})
    kafka.list_tags_for_resource(ResourceArn=serverless)
    kafka.untag_resource(ResourceArn=serverless, TagKeys=["a"])
    kafka.delete_cluster(ClusterArn=serverless)
    kafka.delete_cluster(ClusterArn=cluster)
    kafka.delete_configuration(Arn=configuration)
    return recorder.answers


def use_configurations(kafka: Any) -> str:
    """Create, update and describe a configuration; returns its ARN."""
    arn = kafka.create_configuration(Name="one", ServerProperties=b"num.partitions=3\n")["Arn"]
    kafka.update_configuration(Arn=arn, ServerProperties=b"num.partitions=6\n")
    kafka.describe_configuration(Arn=arn)
    told = kafka.describe_configuration_revision(Arn=arn, Revision=2)
    assert told["ServerProperties"] == b"num.partitions=6\n"
    kafka.list_configurations()
    kafka.list_configuration_revisions(Arn=arn)
    return arn


def provisioned_form(aws: Emulated) -> dict[str, Any]:
    """The least that a provisioned cluster needs."""
    nodes = {"ClientSubnets": aws.subnets, "InstanceType": "kafka.m7g.large"}
    return {"KafkaVersion": "3.9.x.kraft", "NumberOfBrokerNodes": 3, "BrokerNodeGroupInfo": nodes}


def serverless_form(aws: Emulated) -> dict[str, Any]:
    """The least that a serverless cluster needs."""
    iam = {"Sasl": {"Iam": {"Enabled": True}}}
    return {"VpcConfigs": [{"SubnetIds": aws.subnets}], "ClientAuthentication": iam}


def use_cluster(kafka: Any, aws: Emulated, configuration: str) -> str:
    """Create a provisioned cluster, change all that can be changed, describe it; returns its ARN."""
    arn = kafka.create_cluster(
        ClusterName="one",
        ConfigurationInfo={"Arn": configuration, "Revision": 1},
        ClientAuthentication={"Sasl": {"Iam": {"Enabled": True}}},
        **provisioned_form(aws),
    )["ClusterArn"]
    changes = {
        "update_broker_count": {"TargetNumberOfBrokerNodes": 6},
        "update_broker_type": {"TargetInstanceType": "kafka.m7g.xlarge"},
        "update_broker_storage": {
            "TargetBrokerEBSVolumeInfo": [{"KafkaBrokerNodeId": "All", "VolumeSizeGB": 500}]
        },
        "update_monitoring": {"EnhancedMonitoring": "PER_BROKER"},
        "update_cluster_configuration": {"ConfigurationInfo": {"Arn": configuration, "Revision": 2}},
        "update_cluster_kafka_version": {"TargetKafkaVersion": "4.0.x.kraft"},
        "update_security": {"ClientAuthentication": {"Unauthenticated": {"Enabled": False}}},
    }
    operation = ""
    for number, (call, change) in enumerate(changes.items(), start=1):
        answer = getattr(kafka, call)(ClusterArn=arn, CurrentVersion=f"K{number}", **change)
        operation = answer["ClusterOperationArn"]
    kafka.describe_cluster_operation(ClusterOperationArn=operation)
    kafka.list_clusters(ClusterNameFilter="o")
    kafka.get_bootstrap_brokers(ClusterArn=arn)
    told = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]
    assert told["NumberOfBrokerNodes"] == 6
    assert told["BrokerNodeGroupInfo"]["StorageInfo"]["EbsStorageInfo"]["VolumeSize"] == 500
    assert told["CurrentBrokerSoftwareInfo"]["ConfigurationRevision"] == 2
    return arn


def encoded(**configuration: str) -> str:
    """Settings of a topic as the API takes them; names with `_` for their dots."""
    named = {name.replace("_", "."): value for name, value in configuration.items()}
    return base64.b64encode(json.dumps(named).encode()).decode()


def use_topics(kafka: Any, cluster: str) -> None:
    """Create a topic, change all that can be changed, describe and delete it."""
    one = {"ClusterArn": cluster, "TopicName": "vision.digits"}
    kafka.create_topic(**one, PartitionCount=3, ReplicationFactor=3, Configs=encoded(retention_ms="1000"))
    kafka.update_topic(**one, PartitionCount=6)
    kafka.update_topic(**one, Configs=encoded(min_insync_replicas="2"))
    kafka.list_topics(ClusterArn=cluster, TopicNameFilter="vision.")
    assert len(kafka.describe_topic_partitions(**one)["Partitions"]) == 6
    told = kafka.describe_topic(**one)
    in_force = json.loads(base64.b64decode(told["Configs"]))
    assert (told["PartitionCount"], told["ReplicationFactor"]) == (6, 3)
    assert (in_force["min.insync.replicas"], in_force["retention.ms"]) == ("2", "604800000")
    kafka.delete_topic(**one)


@pytest.mark.parametrize("operation", sorted(implemented().values()))
def test_the_answer_fits_the_service_model(answers: Answers, operation: str) -> None:
    """Types, enumerations and required members, and no member that AWS does not have."""
    raw, parsed = answers[operation]
    shape = get_service_model("kafka").operation_model(operation).output_shape
    assert list(unknown_members(shape, raw, operation)) == []
    if shape is not None:
        assert list(problems(shape, parsed)) == []
        if operation != "GetBootstrapBrokers":  # which names only the ways in that are open
            assert not set(shape.members) - set(parsed) - OPTIONAL


def test_the_answer_holds_what_the_provider_reads(answers: Answers) -> None:
    """The service model requires few of them, but the provider takes absence for a difference."""
    _, parsed = answers["DescribeCluster"]
    assert set(READ_BY_THE_PROVIDER.split()) <= set(parsed["ClusterInfo"])
    _, parsed = answers["GetBootstrapBrokers"]
    brokers = parsed["BootstrapBrokerStringSaslIam"].split(",")
    assert len(brokers) == 3
    assert all(broker.endswith(":9098") for broker in brokers)


def test_wrong_requests_are_refused(aws: Emulated) -> None:
    """With the codes by which clients decide what to do."""
    kafka = aws.client("kafka")
    nowhere = "arn:aws:kafka:eu-central-1:000000000000:cluster/no/no"
    form = provisioned_form(aws)
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("describe_cluster_v2", {"ClusterArn": nowhere}, "NotFoundException"),
        ("describe_configuration", {"Arn": nowhere}, "BadRequestException"),
        ("create_cluster", {"ClusterName": "x", **form, "NumberOfBrokerNodes": 4}, "BadRequestException"),
        ("create_cluster", {"ClusterName": "x", **form, "KafkaVersion": 4}, "BadRequestException"),
        ("list_nodes", {"ClusterArn": nowhere}, "BadRequestException"),
    ]
    for call, parameters, code in cases:
        with pytest.raises(ClientError) as error:
            getattr(kafka, call)(**parameters)
        assert error.value.response["Error"]["Code"] == code, call


def test_what_is_in_use_stays(aws: Emulated) -> None:
    """A configuration that a cluster has cannot be deleted, and a name is given once."""
    kafka = aws.client("kafka")
    arn = kafka.create_configuration(Name="kept", ServerProperties=b"")["Arn"]
    form = provisioned_form(aws) | {"ConfigurationInfo": {"Arn": arn, "Revision": 1}}
    cluster = kafka.create_cluster(ClusterName="kept", **form)["ClusterArn"]
    with pytest.raises(ClientError, match="in use"):
        kafka.delete_configuration(Arn=arn)
    with pytest.raises(ClientError, match="ConflictException"):
        kafka.create_cluster(ClusterName="kept", **form)
    kafka.delete_cluster(ClusterArn=cluster)
    kafka.delete_configuration(Arn=arn)


def test_a_topic_is_made_once_grows_only_and_needs_brokers(aws: Emulated) -> None:
    """As Kafka has it; and MSK Serverless has no API for topics at all."""
    kafka = aws.client("kafka")
    cluster = kafka.create_cluster(ClusterName="topics", **provisioned_form(aws))["ClusterArn"]
    serverless = kafka.create_cluster_v2(ClusterName="no-topics", Serverless=serverless_form(aws))[
        "ClusterArn"
    ]
    one = {"ClusterArn": cluster, "TopicName": "a"}
    made = {"PartitionCount": 3, "ReplicationFactor": 3}
    kafka.create_topic(**one, **made)
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("create_topic", {**one, **made}, "TopicExistsException"),
        ("create_topic", {**one, **made, "TopicName": "b", "ReplicationFactor": 4}, "BadRequestException"),
        ("create_topic", {**one, **made, "TopicName": "b c"}, "BadRequestException"),
        ("create_topic", {**one, **made, "TopicName": "b", "PartitionCount": 0}, "BadRequestException"),
        ("create_topic", {**one, **made, "ClusterArn": serverless}, "BadRequestException"),
        ("update_topic", {**one, "PartitionCount": 2}, "BadRequestException"),
        ("update_topic", {**one, "PartitionCount": 6, "Configs": encoded()}, "BadRequestException"),
        ("update_topic", {**one, "Configs": encoded(no_such="1")}, "BadRequestException"),
        ("update_topic", {**one, "Configs": "no base64!"}, "BadRequestException"),
        ("describe_topic", {**one, "TopicName": "b"}, "NotFoundException"),
        ("delete_topic", {**one, "TopicName": "b"}, "NotFoundException"),
    ]
    for call, parameters, code in cases:
        with pytest.raises(ClientError) as error:
            getattr(kafka, call)(**parameters)
        assert error.value.response["Error"]["Code"] == code, (call, parameters)
    assert kafka.describe_topic(**one)["PartitionCount"] == 3
    for arn in (cluster, serverless):
        kafka.delete_cluster(ClusterArn=arn)


def test_no_part_of_msk_hides_a_method_of_another() -> None:
    """The operations are mix-ins of one class: the same name twice would call the wrong one."""
    owners: dict[str, list[str]] = {}
    for part in KafkaResponse.__bases__:
        for name in vars(part):
            if not name.startswith("__"):
                owners.setdefault(name, []).append(part.__name__)
    assert {name: parts for name, parts in owners.items() if len(parts) > 1} == {}
