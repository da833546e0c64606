"""Tests of the event stream in both forms."""

from __future__ import annotations

import json

import pytest

from tests.unit.infra.recording import Recording, dev_estate, guarded_estate, prod_estate

SERVERLESS, PROVISIONED = "aws:msk/serverlessCluster:ServerlessCluster", "aws:msk/cluster:Cluster"
TOPIC = "aws:msk/topic:Topic"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
CLIENT_SUBNETS = 6


def _ports(estate: Recording) -> list[int]:
    rules = [rule for rule in estate.of(RULE) if rule.name.startswith("groundplan-dev-streaming-")]
    assert all(rule.inputs["fromPort"] == rule.inputs["toPort"] for rule in rules)
    return sorted(int(rule.inputs["fromPort"]) for rule in rules)


def test_a_setting_chooses_the_form() -> None:
    """Dev is serverless, a production environment has brokers; never both."""
    assert (len(dev_estate().of(SERVERLESS)), len(dev_estate().of(PROVISIONED))) == (1, 0)
    assert (len(guarded_estate().of(SERVERLESS)), len(guarded_estate().of(PROVISIONED))) == (0, 1)


def test_serverless_demands_an_identity() -> None:
    """IAM is the only way in."""
    cluster = dev_estate().one(SERVERLESS).inputs
    assert cluster["clientAuthentication"] == {"sasl": {"iam": {"enabled": True}}}
    (config,) = cluster["vpcConfigs"]
    assert len(config["subnetIds"]) == 3


def test_brokers_stand_in_three_zones_and_speak_tls_only() -> None:
    """TLS to clients and between brokers, IAM and no anonymous access, our key at rest."""
    cluster = guarded_estate().one(PROVISIONED).inputs
    assert cluster["kafkaVersion"].endswith(".kraft")
    assert cluster["numberOfBrokerNodes"] == 3
    assert len(cluster["brokerNodeGroupInfo"]["clientSubnets"]) == 3
    assert cluster["clientAuthentication"] == {"sasl": {"iam": True}, "unauthenticated": False}
    assert cluster["encryptionInfo"] == {
        "encryptionAtRestKmsKeyArn": "arn:of:aws:kms/key:Key:groundplan-dev-streaming",
        "encryptionInTransit": {"clientBroker": "TLS", "inCluster": True},
    }


@pytest.mark.parametrize(
    "line",
    [
        "auto.create.topics.enable=false",
        "default.replication.factor=3",
        "min.insync.replicas=2",
        "unclean.leader.election.enable=false",
    ],
)
def test_configuration_is_durable(line: str) -> None:
    """What is acknowledged survives the loss of a zone, and no topic appears by a typing mistake."""
    configuration = guarded_estate().one("aws:msk/configuration:Configuration")
    assert line in configuration.inputs["serverProperties"].splitlines()


def test_broker_logs_are_kept_and_encrypted() -> None:
    """In a log group of ours, which the `logs` key serves."""
    estate = guarded_estate()
    group = estate.one("aws:cloudwatch/logGroup:LogGroup", "groundplan-dev-brokers").inputs
    assert group["kmsKeyId"] == "arn:of:aws:kms/key:Key:groundplan-dev-logs"
    logs = estate.one(PROVISIONED).inputs["loggingInfo"]["brokerLogs"]["cloudwatchLogs"]
    assert logs == {"enabled": True, "logGroup": group["name"]}
    assert (
        f":log-group:{group['name']}" in estate.one("aws:kms/key:Key", "groundplan-dev-logs").inputs["policy"]
    )


def test_only_nodes_and_pods_reach_the_brokers() -> None:
    """The port of IAM, and of the exporters where there are brokers."""
    assert _ports(dev_estate()) == [9098] * CLIENT_SUBNETS
    assert _ports(guarded_estate()) == sorted([9098, 11001, 11002] * CLIENT_SUBNETS)


def test_the_stream_is_guarded_where_data_is_protected() -> None:
    """In production it cannot be deleted by Pulumi."""
    assert guarded_estate().one(PROVISIONED).protect
    assert not dev_estate().one(SERVERLESS).protect


def test_a_tenant_of_the_table_has_the_topic_of_its_data_set() -> None:
    """Nothing else has to be declared for it; where MSK is serverless, it has no API for topics."""
    assert [topic.inputs["name"] for topic in guarded_estate().of(TOPIC)] == ["vision.digits"]
    assert dev_estate().of(TOPIC) == []


def test_topics_of_prod_are_those_of_its_tenants() -> None:
    """With three replicas, and what the stack file says of them."""
    topics = {topic.inputs["name"]: topic.inputs for topic in prod_estate().of(TOPIC)}
    assert sorted(topics) == [
        "fraud.payments",
        "fraud.verdicts",
        "quality.samples",
        "research.corpus",
        "search.pages",
        "speech.calls",
        "vision.digits",
    ]
    verdicts = topics["fraud.verdicts"]
    assert (verdicts["partitionCount"], verdicts["replicationFactor"]) == (12, 3)
    assert json.loads(verdicts["configs"]) == {
        "cleanup.policy": "delete",
        "min.insync.replicas": "2",
        "retention.ms": "2592000000",
        "unclean.leader.election.enable": "false",
    }


def test_a_topic_that_leaves_the_settings_is_not_deleted_where_data_is_protected() -> None:
    """Pulumi refuses to: its events would be gone."""
    assert all(topic.protect for topic in prod_estate().of(TOPIC))
