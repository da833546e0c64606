"""The event stream: MSK, provisioned or serverless. Clients speak TLS and log in by IAM in both forms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.msk.cluster import Cluster
from pulumi_aws.msk.configuration import Configuration
from pulumi_aws.msk.serverless_cluster import ServerlessCluster
from pulumi_aws.msk.topic import Topic

from infra.aws.client_groups import admit, create_group
from infra.conventions import PROJECT, ComponentType, physical_name, registered
from infra.planning import topics as plan
from infra.planning.streaming import REPLICATION

IAM_PORT = 9098
_EXPORTER_PORTS = {"JMX exporter": 11001, "node exporter": 11002}


@dataclass(frozen=True, kw_only=True)
class Brokers:
    """Brokers of the provisioned form.

    Args:
        kafka_version: a version that keeps its metadata by KRaft, e.g. `3.9.x.kraft`.
        instance_type: type of each broker.
        count: how many in all; a multiple of the number of subnets.
        volume_gib: volume of each in GiB.
        partitions: of a topic that does not say how many.
        retention_hours: hours that a topic keeps events for, unless it says otherwise.
        key_arn: KMS key of the volumes.
        log_group: name of the log group of the brokers' own logs.
        log_retention_days: how long it keeps them.
        logs_key_arn: KMS key of the log group.
        topics: those of the tenants.
    """

    kafka_version: str
    instance_type: str
    count: int
    volume_gib: int
    partitions: int
    retention_hours: int
    key_arn: Input[str]
    log_group: str
    log_retention_days: int
    logs_key_arn: Input[str]
    topics: Sequence[plan.Topic]


@dataclass(frozen=True, kw_only=True)
class StreamingArgs:
    """What the event stream is made from.

    Args:
        environment: part of every name.
        vpc_id: the network.
        subnet_ids: one in each of three zones.
        client_ranges: private ranges whose hosts may connect.
        brokers: brokers of the provisioned form; None makes it serverless.
        protect: refuse to delete it.
    """

    environment: str
    vpc_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    client_ranges: Sequence[str]
    brokers: Brokers | None
    protect: bool


@dataclass(frozen=True, kw_only=True)
class StreamingOutputs:
    """What clients need: `bootstrap_brokers` speak TLS and IAM."""

    arn: Output[str]
    bootstrap_brokers: Output[str]
    security_group_id: Output[str]


class Streaming(pulumi.ComponentResource):
    """A Kafka cluster over three zones that no one enters without an IAM identity."""

    def __init__(self, name: str, args: StreamingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.STREAMING, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._guarded = pulumi.ResourceOptions(parent=self, protect=args.protect)
        self._name = physical_name(args.environment)
        group = self._create_security_group()
        self.outputs = (
            self._create_provisioned(args.brokers, group) if args.brokers else self._create_serverless(group)
        )
        self.register_outputs(registered(self.outputs))

    def _create_security_group(self) -> SecurityGroup:
        """Brokers answer; what they send to each other and to AWS does not leave by these interfaces."""
        name = physical_name(self._args.environment, "streaming")
        group = create_group(
            name,
            description="Private networks that may reach the Kafka brokers",
            vpc_id=self._args.vpc_id,
            opts=self._child,
        )
        ports = {"Kafka with IAM": IAM_PORT, **(_EXPORTER_PORTS if self._args.brokers else {})}
        for service, port in ports.items():
            for number, address_range in enumerate(self._args.client_ranges):
                admit(
                    f"{name}-{port}-{number}",
                    group,
                    service=service,
                    port=port,
                    address_range=address_range,
                    opts=self._child,
                )
        return group

    def _create_serverless(self, group: SecurityGroup) -> StreamingOutputs:
        """AWS sizes it and keeps replicas in all zones; durable by default, without a configuration."""
        cluster = ServerlessCluster(
            self._name,
            cluster_name=self._name,
            client_authentication={"sasl": {"iam": {"enabled": True}}},
            vpc_configs=[{"subnet_ids": self._args.subnet_ids, "security_group_ids": [group.id]}],
            tags={"DataClass": "streaming"},
            opts=self._guarded,
        )
        return StreamingOutputs(
            arn=cluster.arn,
            bootstrap_brokers=cluster.bootstrap_brokers_sasl_iam,
            security_group_id=group.id,
        )

    def _create_provisioned(self, brokers: Brokers, group: SecurityGroup) -> StreamingOutputs:
        configuration = self._create_configuration(brokers)
        logs = self._create_log_group(brokers)
        cluster = Cluster(
            self._name,
            cluster_name=self._name,
            kafka_version=brokers.kafka_version,
            number_of_broker_nodes=brokers.count,
            broker_node_group_info={
                "client_subnets": self._args.subnet_ids,
                "instance_type": brokers.instance_type,
                "security_groups": [group.id],
                "storage_info": {"ebs_storage_info": {"volume_size": brokers.volume_gib}},
            },
            client_authentication={"sasl": {"iam": True}, "unauthenticated": False},
            configuration_info={"arn": configuration.arn, "revision": configuration.latest_revision},
            encryption_info={
                "encryption_at_rest_kms_key_arn": brokers.key_arn,
                "encryption_in_transit": {"client_broker": "TLS", "in_cluster": True},
            },
            enhanced_monitoring="PER_BROKER",
            open_monitoring={
                "prometheus": {
                    "jmx_exporter": {"enabled_in_broker": True},
                    "node_exporter": {"enabled_in_broker": True},
                }
            },
            logging_info={"broker_logs": {"cloudwatch_logs": {"enabled": True, "log_group": logs.name}}},
            tags={"DataClass": "streaming"},
            opts=self._guarded,
        )
        for topic in brokers.topics:
            self._create_topic(topic, cluster)
        return StreamingOutputs(
            arn=cluster.arn,
            bootstrap_brokers=cluster.bootstrap_brokers_sasl_iam,
            security_group_id=group.id,
        )

    def _create_topic(self, topic: plan.Topic, cluster: Cluster) -> Topic:
        """By MSK's own API. Kafka refuses fewer partitions; another name or cluster is another topic."""
        return Topic(
            f"{self._name}-{topic.name}",
            name=topic.name,
            cluster_arn=cluster.arn,
            partition_count=topic.partitions,
            replication_factor=REPLICATION,
            configs=json.dumps(topic.configuration, sort_keys=True),
            opts=self._guarded,
        )

    def _create_configuration(self, brokers: Brokers) -> Configuration:
        """For all versions: one that lists versions is replaced by an upgrade, and its name is taken then."""
        return Configuration(
            self._name,
            name=self._name,
            description="Durable: three replicas, two of them in sync; topics are made on purpose only",
            server_properties=_properties(_durable(brokers)),
            opts=self._child,
        )

    def _create_log_group(self, brokers: Brokers) -> LogGroup:
        return LogGroup(
            physical_name(self._args.environment, "brokers"),
            name=brokers.log_group,
            retention_in_days=brokers.log_retention_days,
            kms_key_id=brokers.logs_key_arn,
            opts=self._child,
        )


def broker_log_group(environment: str) -> str:
    """Name of the log group of an environment's brokers."""
    return f"/{PROJECT}/{environment}/brokers"


def _durable(brokers: Brokers) -> dict[str, str]:
    """Broker properties under which an acknowledged event survives the loss of a zone.

    Meaning: https://kafka.apache.org/39/configuration/broker-configs/; MSK takes all of them:
    https://docs.aws.amazon.com/msk/latest/developerguide/msk-configuration-properties.html
    """
    return {
        "auto.create.topics.enable": "false",
        "default.replication.factor": str(REPLICATION),
        "log.retention.hours": str(brokers.retention_hours),
        "min.insync.replicas": str(plan.MIN_IN_SYNC),
        "num.partitions": str(brokers.partitions),
        "offsets.topic.replication.factor": str(REPLICATION),
        "transaction.state.log.min.isr": str(plan.MIN_IN_SYNC),
        "transaction.state.log.replication.factor": str(REPLICATION),
        "unclean.leader.election.enable": "false",
    }


def _properties(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in sorted(values.items()))
