"""The real Karpenter, with the rights and objects that the program gives it, on the emulated EC2.

A pod that waits gets a node (a simulated one: it runs nothing), a pool keeps its bound, an interruption that
arrives in the queue ends a node, and the end of the pool ends all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import ACCOUNT_ID
from infra.conventions import KARPENTER_ACCOUNT
from tests.rehearsal.test_emulator_cluster import (
    CLUSTER,
    Person,
    admin,  # noqa: F401 - a fixture
    create_role,
    deployer,  # noqa: F401 - a fixture
    subnets,
)
from tests.rehearsal.test_emulator_cluster import eventually as soon
from tests.unit.infra.recording import Registered, prod_estate

pytestmark = pytest.mark.rehearsal

NAMESPACE, ACCOUNT = KARPENTER_ACCOUNT
POOL, QUEUE, PROFILE = "cpu", "interruptions", "elastic-node"
LEFT_OUT = ("Deployment", "PodDisruptionBudget", "NetworkPolicy")
"""What of it needs nodes that run pods."""
METRICS_PORT, HEALTH_PORT = 18080, 18081

eventually = partial(soon, within_s=240)
"""It lists instance types, offerings and prices before it does anything."""


@dataclass(frozen=True)
class Ground:
    """What Karpenter works with.

    Args:
        admin: asks and changes the cluster.
        deployer: asks and changes the account.
        queue_url: where EC2's news arrive.
    """

    admin: Person
    deployer: Person
    queue_url: str

    def instances(self) -> list[dict[str, Any]]:
        """Instances that run, of Karpenter's making."""
        wanted = [
            {"Name": "tag-key", "Values": ["karpenter.sh/nodepool"]},
            {"Name": "instance-state-name", "Values": ["pending", "running"]},
        ]
        found = self.deployer.aws("ec2").describe_instances(Filters=wanted)["Reservations"]
        return [instance for reservation in found for instance in reservation["Instances"]]


def _registered() -> list[Registered]:
    """What the program registers for Karpenter in the cluster, in its order."""
    whole = prod_estate().one("groundplan:kubernetes:Karpenter").urn
    return [
        each
        for each in prod_estate().resources
        if each.parent == whole and each.type.rpartition(":")[2] not in LEFT_OUT
    ]


@pytest.fixture(scope="module")
def ground(deployer: Person, admin: Person) -> Ground:  # noqa: F811 - fixtures
    """Cluster and account as the program leaves them to Karpenter."""
    for resource in _registered():
        admin.must("apply", "--server-side", "--filename", "-", manifest=resource.manifest)
    iam, eks = deployer.aws("iam"), deployer.aws("eks")
    role = create_role(deployer, PROFILE, "ec2.amazonaws.com")
    iam.create_instance_profile(InstanceProfileName=PROFILE)
    iam.add_role_to_instance_profile(InstanceProfileName=PROFILE, RoleName=PROFILE)
    eks.create_access_entry(clusterName=CLUSTER, principalArn=role, type="EC2_LINUX")
    queue = deployer.aws("sqs").create_queue(QueueName=QUEUE)["QueueUrl"]
    return Ground(admin=admin, deployer=deployer, queue_url=queue)


@pytest.fixture(scope="module")
def karpenter(ground: Ground, toolbox: Toolbox) -> Generator[Path]:
    """The controller as a process, with the rights of its service account; yields its log."""
    program = toolbox.obtain("karpenter")
    world = ground.deployer.world
    token = ground.admin.must(
        "create", "token", ACCOUNT, "--namespace", NAMESPACE, "--duration", "1h"
    ).strip()
    kubeconfig = world.folder / "karpenter.kubeconfig"
    kubeconfig.write_text(json.dumps(_login(world.api_server_url, world.pki / "ca.crt", token)))
    log = world.logs / "karpenter.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program], env=_environment(ground, kubeconfig), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield log
    finally:
        process.terminate()
        process.wait(30)


def _login(server: str, authority: Path, token: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server, "certificate-authority": str(authority)}}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }


def _environment(ground: Ground, kubeconfig: Path) -> dict[str, str]:
    """The variables of its pod; names of this cluster and account in the place of the program's."""
    person, credentials = ground.deployer, ground.deployer.credentials
    assert credentials
    pod = prod_estate().one("kubernetes:apps/v1:Deployment", "karpenter").inputs["spec"]["template"]["spec"]
    variables = {each["name"]: each["value"] for each in pod["containers"][0]["env"] if "value" in each}
    return variables | {
        "PATH": os.environ["PATH"],
        "KUBECONFIG": str(kubeconfig),
        "SYSTEM_NAMESPACE": NAMESPACE,
        # In a pod, it is read from the token's folder.
        "LEADER_ELECTION_NAMESPACE": NAMESPACE,
        "CPU_REQUESTS": "500",
        "METRICS_PORT": str(METRICS_PORT),
        "HEALTH_PROBE_PORT": str(HEALTH_PORT),
        "CLUSTER_NAME": CLUSTER,
        "CLUSTER_ENDPOINT": person.world.api_server_url,
        "INTERRUPTION_QUEUE": QUEUE,
        "AWS_REGION": person.world.region,
        "AWS_ENDPOINT_URL": person.world.aws_endpoint_url,
        "AWS_CA_BUNDLE": str(person.world.certificate_authority),
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }


@pytest.fixture(scope="module")
def pool(ground: Ground, karpenter: Path) -> str:
    """The pool `cpu` of prod, bounded to one node here; its class says where this account's nodes are."""
    del karpenter
    nodes = prod_estate().one("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", f"{POOL}-nodes").manifest
    group = ground.deployer.aws("eks").describe_cluster(name=CLUSTER)["cluster"]["resourcesVpcConfig"]
    nodes["spec"] |= {
        "subnetSelectorTerms": [{"id": each} for each in subnets(ground.deployer)],
        "securityGroupSelectorTerms": [{"id": group["clusterSecurityGroupId"]}],
        "instanceProfile": PROFILE,
    }
    ground.admin.must("apply", "--server-side", "--filename", "-", manifest=nodes)
    pool = prod_estate().one("kubernetes:karpenter.sh/v1:NodePool", POOL).manifest
    pool["spec"]["limits"]["nodes"] = "1"
    ground.admin.must("apply", "--server-side", "--filename", "-", manifest=pool)
    return POOL


def _pod(name: str, cpus: str) -> dict[str, Any]:
    container = {"name": "work", "image": "none.example/none", "resources": {"requests": {"cpu": cpus}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "nodeSelector": {"groundplan.dev/pool": POOL},
            # Nothing runs it, so nothing would ever end it.
            "terminationGracePeriodSeconds": 0,
            "containers": [container],
        },
    }


def test_a_pod_that_waits_gets_a_node_of_the_pool(ground: Ground, pool: str) -> None:
    """Spot, in one of our subnets, of one of the pool's types, with our tags and the label for pods."""
    eventually(
        lambda: any(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in (ground.admin.get("ec2nodeclass", pool).get("status") or {}).get(
                "conditions", ()
            )
        ),
        "the class of nodes is ready: subnets, group, image and profile are found",
    )
    ground.admin.must("create", "--filename", "-", manifest=_pod("first", "1"))
    node = eventually(
        lambda: ground.admin.get("pod", "first", "--namespace", "default")["spec"].get("nodeName"),
        "the pod has a node",
    )
    [instance] = ground.instances()
    tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
    assert tags["karpenter.sh/nodepool"] == tags["groundplan.dev/pool"] == pool
    assert {"Project", "Environment", "Owner", "CostCenter"} <= tags.keys()
    assert instance["SubnetId"] in subnets(ground.deployer)
    assert instance["InstanceLifecycle"] == "spot"
    found = ground.admin.get("node", node)
    assert found["spec"]["providerID"].endswith(instance["InstanceId"])
    labels = found["metadata"]["labels"]
    assert labels["node.kubernetes.io/instance-type"] in {"m7i.2xlarge", "m7a.2xlarge", "m6i.2xlarge"}
    assert labels["groundplan.dev/pool"] == pool


def test_what_it_launches_from_is_encrypted_and_closed(ground: Ground) -> None:
    """Its launch template: our key for each volume, metadata by token and not for pods, the pinned image."""
    ec2 = ground.deployer.aws("ec2")
    filters = [{"Name": "tag:eks:eks-cluster-name", "Values": [CLUSTER]}]
    for template in ec2.describe_launch_templates(Filters=filters)["LaunchTemplates"]:
        versions = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
        data = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
        assert [each["Ebs"]["Encrypted"] for each in data["BlockDeviceMappings"]] == [True, True]
        assert all("volumes" in each["Ebs"]["KmsKeyId"] for each in data["BlockDeviceMappings"])
        assert data["MetadataOptions"]["HttpTokens"] == "required"
        assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
        [image] = ec2.describe_images(ImageIds=[data["ImageId"]])["Images"]
        assert image["Name"].startswith("bottlerocket-aws-k8s-1.35-x86_64-v1.64.0")


def test_the_pool_does_not_outgrow_its_bound(ground: Ground) -> None:
    """A pod that needs a second node waits, and is told why."""
    ground.admin.must("create", "--filename", "-", manifest=_pod("second", "7500m"))

    def told() -> bool:
        events = ground.admin.get("events", "--field-selector", "involvedObject.name=second")["items"]
        return any("node limits have been exhausted for nodepool" in each["message"] for each in events)

    eventually(told, "Karpenter says that the pool is full")
    assert len(ground.instances()) == 1
    ground.admin.must("delete", "pod", "second")


def test_an_interruption_in_the_queue_ends_the_node(ground: Ground) -> None:
    """EC2's warning: Karpenter drains the node, ends the instance, and takes the message."""
    [instance] = ground.instances()
    warning = {
        "version": "0",
        "id": "1",
        "detail-type": "EC2 Spot Instance Interruption Warning",
        "source": "aws.ec2",
        "account": ACCOUNT_ID,
        "time": "2026-11-29T12:00:00Z",
        "region": ground.deployer.world.region,
        "resources": [],
        "detail": {"instance-id": instance["InstanceId"], "instance-action": "terminate"},
    }
    sqs = ground.deployer.aws("sqs")
    sqs.send_message(QueueUrl=ground.queue_url, MessageBody=json.dumps(warning))
    eventually(
        lambda: instance["InstanceId"] not in [each["InstanceId"] for each in ground.instances()],
        "the instance ends",
    )
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def empty() -> bool:
        found = sqs.get_queue_attributes(QueueUrl=ground.queue_url, AttributeNames=counts)["Attributes"]
        return set(found.values()) == {"0"}

    eventually(empty, "the message is taken out of the queue")


def test_the_end_of_the_pool_ends_its_nodes(ground: Ground, pool: str) -> None:
    """As a tear-down has it: the pool, then the class, which waits for the last node."""
    ground.admin.must("create", "--filename", "-", manifest=_pod("third", "1"))
    eventually(ground.instances, "there is a node again")
    ground.admin.must("delete", "nodepool", pool)
    ground.admin.must("delete", "ec2nodeclass", pool, "--timeout=120s")
    assert ground.instances() == []
    assert ground.admin.get("nodeclaims")["items"] == []
