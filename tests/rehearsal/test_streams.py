"""Topics and quotas on three real brokers: made as declared, kept so, and felt by who asks for too much."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType
from pulumi.runtime.proto import provider_pb2

from groundplan.rehearsal.emulator.kafka.errors import KafkaError as RefusedError
from groundplan.rehearsal.emulator.kafka.topic_store import RememberedTopics, Topic, TopicStore
from groundplan.rehearsal.providers.aws.msk_topic import MskTopics
from groundplan.rehearsal.world import PROJECT_ROOT
from infra.planning.topics import plan_topics
from tests.rehearsal import kafka_home
from tests.rehearsal.broker_topics import BrokerTopics, settled
from tests.rehearsal.kafka_home import Cluster
from tests.unit.rehearsal.emulator.emulated import REGION, Emulated, emulated

pytestmark = pytest.mark.rehearsal

SERVICES = PROJECT_ROOT / "services"
USERS = "arn:aws:sts::123456789012:assumed-role/groundplan-prod-"
VISION, SPEECH, KEEPER = f"{USERS}vision-stream/vision", f"{USERS}speech-stream/speech", "keeper"
(DECLARED,) = plan_topics({}, {"vision": "digits"}, partitions=6, retention_hours=24)
FEW, MANY = 32 * 1024.0, 64 * 1024 * 1024.0
"""Bytes per second of a broker."""
SENT = 512 * 1024
"""Bytes that each tenant sends: more than one may in four seconds, and a moment for the other."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster]:
    """Three brokers, and the users of two tenants."""
    with kafka_home.running(tmp_path_factory.mktemp("kafka")) as running:
        running.add_users(VISION, SPEECH, KEEPER)
        yield running


@pytest.fixture(scope="module")
def admin(cluster: Cluster) -> Generator[KafkaAdminClient]:
    """Whoever changes things by hand."""
    client = cluster.admin()
    yield client
    client.close()


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulated]:
    """An account."""
    with emulated(tmp_path_factory.mktemp("emulator")) as running:
        yield running


class Stack:
    """One topic, applied as the Pulumi engine does it: check, then create or diff and update."""

    def __init__(self, aws: Emulated, admin: KafkaAdminClient) -> None:
        login = aws.credentials
        self._provider = MskTopics(
            {
                "AWS_ENDPOINT_URL": aws.emulator.api.local_url,
                "AWS_CA_BUNDLE": str(aws.emulator.world.certificate_authority),
                "AWS_ACCESS_KEY_ID": login["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": login["SecretAccessKey"],
                "AWS_SESSION_TOKEN": login["SessionToken"],
            }
        )
        nodes = {"ClientSubnets": aws.subnets, "InstanceType": "kafka.m7g.large"}
        self.arn = aws.client("kafka").create_cluster(
            ClusterName="groundplan-prod",
            KafkaVersion="3.9.x.kraft",
            NumberOfBrokerNodes=3,
            BrokerNodeGroupInfo=nodes,
        )["ClusterArn"]
        aws.emulator.api.kafka.topics[self.arn] = BrokerTopics(admin)
        self._id, self._state = "", struct_pb2.Struct()

    def up(self, **changes: Any) -> list[str]:
        """Refresh, compare and apply; returns what differed from the declared topic with these changes."""
        inputs = struct_pb2.Struct()
        inputs.update(
            {
                "clusterArn": self.arn,
                "name": DECLARED.name,
                "partitionCount": DECLARED.partitions,
                "replicationFactor": 3,
                "configs": json.dumps(DECLARED.configuration),
                **changes,
            }
        )
        checked = self._provider.check(provider_pb2.CheckRequest(news=inputs), REGION)
        assert not checked.failures
        if not self._id:
            made = self._provider.create(provider_pb2.CreateRequest(properties=checked.inputs))
            self._id, self._state = made.id, made.properties
            return ["everything"]
        seen = self._provider.read(provider_pb2.ReadRequest(id=self._id, properties=self._state))
        asked = provider_pb2.DiffRequest(olds=seen.properties, news=checked.inputs)
        found = self._provider.diff(asked)
        assert not found.replaces
        if found.diffs:
            update = provider_pb2.UpdateRequest(id=self._id, olds=seen.properties, news=checked.inputs)
            self._state = self._provider.update(update).properties
        return list(found.diffs)

    @property
    def state(self) -> dict[str, Any]:
        """What the provider says of the topic."""
        return json_format.MessageToDict(self._state)


@pytest.fixture(scope="module")
def stack(aws: Emulated, admin: KafkaAdminClient) -> Stack:
    """The topic has been made."""
    made = Stack(aws, admin)
    assert made.up() == ["everything"]
    return made


def test_the_brokers_have_the_topic_as_it_is_declared(stack: Stack, admin: KafkaAdminClient) -> None:
    """Partitions, replicas on every broker, and its own settings, no more and no fewer."""
    topics = BrokerTopics(admin)
    found = topics.get(DECLARED.name)
    assert (found.partitions, found.replicas) == (6, 3)
    assert all(sorted(each["Replicas"]) == [1, 2, 3] for each in topics.partitions(DECLARED.name))
    assert topics.configuration(DECLARED.name, "modified") == DECLARED.configuration
    assert stack.state["arn"].endswith(
        f":topic/groundplan-prod/{stack.arn.split('/', 1)[1].split('/')[1]}/{DECLARED.name}"
    )


def test_a_second_run_changes_nothing(stack: Stack) -> None:
    """What the brokers say is what was asked for."""
    assert stack.up() == []


def test_drift_is_found_and_corrected(stack: Stack, admin: KafkaAdminClient) -> None:
    """Somebody let events go after a minute; the next run keeps them for a day again."""
    careless = {"retention.ms": "60000", "min.insync.replicas": "1"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, DECLARED.name, configs=careless)])
    topics = BrokerTopics(admin)
    settled(lambda: careless.items() <= topics.configuration(DECLARED.name).items())
    assert stack.up() == ["configs"]
    assert topics.configuration(DECLARED.name, "modified") == DECLARED.configuration
    assert stack.up() == []


def test_a_topic_grows_and_never_shrinks(stack: Stack, admin: KafkaAdminClient) -> None:
    """Kafka refuses, and the topic keeps all its partitions and events."""
    assert stack.up(partitionCount=9) == ["partitionCount"]
    with pytest.raises(Exception, match="InvalidPartitionsError"):
        stack.up(partitionCount=6)
    assert BrokerTopics(admin).get(DECLARED.name).partitions == 9
    assert stack.up(partitionCount=9) == []


@pytest.mark.parametrize("where", ["remembered", "brokers"])
def test_topics_that_are_remembered_behave_like_those_on_brokers(where: str, admin: KafkaAdminClient) -> None:
    """Where no brokers run, the emulator refuses what Kafka refuses, with the same error."""
    topics: TopicStore = RememberedTopics(brokers=3) if where == "remembered" else BrokerTopics(admin)
    one = Topic(name="a.b", partitions=3, replicas=3, configuration={"retention.ms": "1000"})
    topics.create(one)
    assert topics.get("a.b").configuration["unclean.leader.election.enable"] == "false"
    refused = {
        "again": lambda: topics.create(one),
        "too many replicas": lambda: topics.create(_like(one, replicas=4)),
        "no partition": lambda: topics.create(_like(one, partitions=0)),
        "no name": lambda: topics.create(Topic(name="a b", partitions=1, replicas=1, configuration={})),
        "no such setting": lambda: topics.configure("a.b", {"no.such": "1"}),
        "fewer": lambda: topics.grow("a.b", 2),
        "as many": lambda: topics.grow("a.b", 3),
        "absent": lambda: topics.delete("nobody"),
        "unknown": lambda: topics.get("nobody"),
    }
    codes = {}
    for name, attempt in refused.items():
        with pytest.raises(RefusedError) as error:
            attempt()
        codes[name] = error.value.code
    assert codes == {
        **dict.fromkeys(refused, "BadRequestException"),
        "again": "TopicExistsException",
        "absent": "NotFoundException",
        "unknown": "NotFoundException",
    }
    topics.configure("a.b", {"min.insync.replicas": "2"})
    assert topics.get("a.b").configuration["retention.ms"] == "604800000"
    assert topics.get("a.b").configuration["min.insync.replicas"] == "2"


def _like(topic: Topic, **changes: int) -> Topic:
    values = {"partitions": topic.partitions, "replicas": topic.replicas, **changes}
    return Topic(name="c.d", configuration={}, **values)


def _keep(cluster: Cluster, quotas: dict[str, dict[str, float]]) -> dict[str, Any]:
    """A run of the job's program; its last line."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{SERVICES}/common:{SERVICES}/ingest",
        "KAFKA_BOOTSTRAP_SERVERS": cluster.servers,
        "KAFKA_USER_PREFIX": USERS,
        "KAFKA_QUOTAS": json.dumps(quotas),
        "KAFKA_CLIENT": json.dumps(cluster.login(KEEPER)),
    }
    command = [sys.executable, "-W", "ignore", "-m", "ingest.quotas"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _quota(rate: float) -> dict[str, float]:
    return {"producer_byte_rate": rate, "consumer_byte_rate": rate, "request_percentage": 1000.0}


def test_quotas_are_set_once_and_kept(cluster: Cluster) -> None:
    """A second run changes nothing, what was changed by hand comes back, and what is not declared goes."""
    declared = {VISION: _quota(FEW), SPEECH: _quota(MANY)}
    assert set(_keep(cluster, declared)["changed"]) == {VISION, SPEECH}
    assert _keep(cluster, declared)["changed"] == {}
    by_hand = {VISION: _quota(MANY), "somebody-else": _quota(FEW)}
    _set_by_hand(cluster, by_hand)
    assert _keep(cluster, declared)["changed"] == {
        VISION: {"consumer_byte_rate": FEW, "producer_byte_rate": FEW}
    }
    gone = dict.fromkeys(("consumer_byte_rate", "producer_byte_rate", "request_percentage"))
    assert _keep(cluster, {VISION: _quota(FEW)})["changed"] == {SPEECH: gone}


def _set_by_hand(cluster: Cluster, quotas: dict[str, dict[str, float]]) -> None:
    from ingest.quotas.brokers import connected  # noqa: PLC0415 - a person's tool, not the job

    with connected(cluster.servers, cluster.login(KEEPER), "") as brokers:
        brokers.change(quotas)


def test_who_asks_for_too_much_waits_and_the_neighbour_does_not(
    cluster: Cluster, stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    """Both send the same to the same topic; one has a quota of 32 KiB/s of each broker.

    The brokers say how long a client has to wait; its own seconds depend on the machine.
    """
    del stack  # the topic is there
    _keep(cluster, {VISION: _quota(FEW), SPEECH: _quota(MANY)})
    told = {}
    for user in (VISION, SPEECH):
        caplog.clear()
        _send(cluster, user)
        told[user] = [int(found) for found in re.findall(r"throttled by broker \((\d+) ms\)", caplog.text)]
    assert sum(told[VISION]) > 2000
    assert told[SPEECH] == []


def _send(cluster: Cluster, user: str) -> None:
    """The brokers have taken `SENT` bytes from a user."""
    producer = KafkaProducer(
        bootstrap_servers=cluster.servers.split(","), acks="all", batch_size=16384, **cluster.login(user)
    )
    try:
        producer.partitions_for(DECLARED.name)
        for number in range(SENT // 8192):
            producer.send(DECLARED.name, bytes(8192), partition=number % DECLARED.partitions)
        producer.flush(timeout=120)
    finally:
        producer.close()
