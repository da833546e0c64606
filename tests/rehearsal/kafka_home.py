"""Three real Kafka brokers on this machine, as processes, from their jars on Maven Central."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion
from kafka.errors import KafkaError

from groundplan.errors import GroundplanError
from groundplan.rehearsal.world import cache_folder

VERSION = "3.9.1"
"""What MSK calls 3.9.x."""
PASSWORD = "let-me-in"
_NUMBERS = (1, 2, 3)
_CLUSTER_ID = "Z3JvdW5kcGxhbi10ZXN0cw"
_READY_TIMEOUT_S = 180
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>dev.groundplan</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
<version>{version}</version></dependency></dependencies></project>
"""
_JAVA = ("java", "-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A running cluster.

    Args:
        internal: bootstrap servers for the test itself, which need no login.
        servers: bootstrap servers for clients, who log in by SCRAM.
    """

    internal: str
    servers: str

    def admin(self) -> KafkaAdminClient:
        """A client that may do everything."""
        return KafkaAdminClient(bootstrap_servers=self.internal.split(","))

    def add_users(self, *names: str) -> None:
        """Let users log in; their names become Kafka's principals."""
        admin = self.admin()
        secret = PASSWORD.encode()
        answer = admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion(name, ScramMechanism.SCRAM_SHA_512, secret) for name in names]
        )
        admin.close()
        assert set(answer.values()) == {None}, answer

    def login(self, user: str) -> dict[str, str]:
        """How a user connects, under the names of kafka-python."""
        return {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": user,
            "sasl_plain_password": PASSWORD,
        }


@contextmanager
def running(folder: Path) -> Generator[Cluster]:
    """Start three brokers whose data lie below `folder`; they are ended with the context."""
    jars = _jars()
    ports = _free_ports()
    with ExitStack() as ending:
        for number in _NUMBERS:
            home = folder / str(number)
            home.mkdir(parents=True)
            (home / "server.properties").write_text(_properties(home, number, ports))
            process = _start(home, jars)
            ending.callback(process.wait)
            ending.callback(process.kill)
        cluster = Cluster(internal=_servers(ports["INTERNAL"]), servers=_servers(ports["CLIENTS"]))
        _wait(cluster, folder)
        yield cluster


def _jars() -> Path:
    """The folder of the brokers' jars; Maven downloads them once and checks their checksums."""
    kept = cache_folder() / "tools" / f"kafka-{VERSION}"
    if not kept.is_dir():
        if not shutil.which("mvn"):
            raise GroundplanError("Kafka comes from Maven Central.", hint="apt-get install maven")
        draft = kept.with_name(f".{kept.name}.{os.getpid()}")
        draft.mkdir(parents=True)
        (draft / "pom.xml").write_text(_POM.format(version=VERSION))
        wanted = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={draft}/libs")
        subprocess.run(
            ["mvn", "--quiet", "--batch-mode", *wanted], cwd=draft, check=True, capture_output=True
        )
        draft.rename(kept)
    return kept / "libs"


def _free_ports() -> dict[str, list[int]]:
    """Ports by listener, in the order of the brokers."""
    with ExitStack() as held:
        found = []
        for _ in range(3 * len(_NUMBERS)):
            each = held.enter_context(socket.socket())
            each.bind(("127.0.0.1", 0))
            found.append(each.getsockname()[1])
    count = len(_NUMBERS)
    names = ("INTERNAL", "CLIENTS", "CONTROLLER")
    return {name: found[index * count : (index + 1) * count] for index, name in enumerate(names)}


def _servers(ports: list[int]) -> str:
    return ",".join(f"127.0.0.1:{port}" for port in ports)


def _properties(home: Path, number: int, ports: dict[str, list[int]]) -> str:
    """Combined broker and controller; quotas are measured over short windows, as a test has no minutes."""
    own = {name: each[number - 1] for name, each in ports.items()}
    voters = ",".join(
        f"{each}@127.0.0.1:{port}" for each, port in zip(_NUMBERS, ports["CONTROLLER"], strict=True)
    )
    values = {
        "process.roles": "broker,controller",
        "node.id": number,
        "controller.quorum.voters": voters,
        "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in own.items()),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "INTERNAL",
        "listener.security.protocol.map": "INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.clients.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "log.dirs": home / "data",
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": 3,
        "min.insync.replicas": 1,
        "quota.window.num": 2,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _start(home: Path, jars: Path) -> subprocess.Popen[bytes]:
    program, properties = (*_JAVA, "-cp", f"{jars}/*"), str(home / "server.properties")
    subprocess.run(
        [*program, "kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", properties],
        check=True,
        capture_output=True,
    )
    with (home / "broker.log").open("wb") as log:
        return subprocess.Popen([*program, "kafka.Kafka", properties], stdout=log, stderr=log)


def _wait(cluster: Cluster, folder: Path) -> None:
    """Until each broker is known to the others."""
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            admin = cluster.admin()
            known = len(admin.describe_cluster()["brokers"])
            admin.close()
        except (KafkaError, OSError):
            known = 0
        if known == len(_NUMBERS):
            return
        time.sleep(1)
    logs = "\n".join((folder / str(number) / "broker.log").read_text()[-1000:] for number in _NUMBERS)
    raise GroundplanError(f"The brokers did not start within {_READY_TIMEOUT_S} s:\n{logs}")
