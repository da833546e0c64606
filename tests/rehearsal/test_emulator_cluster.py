"""The emulator beside a real control plane: logins, rights, pod identity, nodes and load balancers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from groundplan.rehearsal import inventory, kube_api, pki, processes
from groundplan.rehearsal.emulator.controllers.nodes import GPU, NO_GROUP_TAINT
from groundplan.rehearsal.emulator.controllers.pod_identity import WEBHOOK
from groundplan.rehearsal.engines.emulator import EmulatorEngine
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import ACCOUNT_ID, World

pytestmark = pytest.mark.rehearsal

CLUSTER = "one"
NAMESPACE = "tenant-vision"
DEADLINE_S = 60
POLL_S = 0.2
POLICIES = "arn:aws:eks::aws:cluster-access-policy/"
ENGINE_BINDING: dict[str, Any] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "an-engine"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "an-engine"}],
}
"""What an engine such as CoreDNS brings along: labelled by the rehearsal, but no access policy."""
DEPLOYER = f"arn:aws:iam::{ACCOUNT_ID}:role/groundplan-deployer"


def eventually(condition: Callable[[], Any], what: str, within_s: float = DEADLINE_S) -> Any:
    """The first true value of a condition that is asked again and again."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(POLL_S)
    pytest.fail(f"not within {within_s} s: {what}")


@dataclass(frozen=True)
class Person:
    """Somebody with AWS credentials who uses kubectl, or (without credentials) the rehearsal itself.

    Args:
        world: the rehearsal.
        kubectl: the program.
        credentials: of AWS.
        kubeconfig: how to log in; without it by `aws eks get-token`, or with the rehearsal's certificate.
    """

    world: World
    kubectl: Path
    credentials: dict[str, str] | None
    kubeconfig: Path | None = None

    def aws(self, service: str) -> Any:
        """A boto3 client."""
        assert self.credentials
        session = boto3.Session(
            aws_access_key_id=self.credentials["AccessKeyId"],
            aws_secret_access_key=self.credentials["SecretAccessKey"],
            aws_session_token=self.credentials["SessionToken"],
            region_name=self.world.region,
        )
        return session.client(
            service,
            endpoint_url=self.world.aws_endpoint_url,
            verify=str(self.world.certificate_authority),
        )

    def environment(self) -> dict[str, str]:
        """The variables of a shell in which these are its credentials."""
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.world.folder)}
        if self.credentials:
            variables |= {
                "AWS_ENDPOINT_URL": self.world.aws_endpoint_url,
                "AWS_CA_BUNDLE": str(self.world.certificate_authority),
                "AWS_DEFAULT_REGION": self.world.region,
                "AWS_ACCESS_KEY_ID": self.credentials["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": self.credentials["SecretAccessKey"],
                "AWS_SESSION_TOKEN": self.credentials["SessionToken"],
            }
        return variables

    def run(
        self, *arguments: str, manifest: dict[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl; its login is `aws eks get-token`."""
        by_identity = iam_kubeconfig if self.credentials else lambda world: world.admin_kubeconfig
        kubeconfig = self.kubeconfig or by_identity(self.world)
        text = json.dumps(manifest) if manifest else None
        return subprocess.run(
            [self.kubectl, "--kubeconfig", kubeconfig, *arguments],
            input=text,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def get(self, *arguments: str) -> Any:
        """What `kubectl get -o json` prints."""
        return json.loads(self.run("get", *arguments, "-o", "json").stdout or "null")

    def must(self, *arguments: str, manifest: dict[str, Any] | None = None) -> str:
        """Run kubectl, which must succeed; returns what it prints."""
        done = self.run(*arguments, manifest=manifest)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def can(self, *arguments: str) -> bool:
        """Whether kubectl succeeds."""
        return self.run(*arguments).returncode == 0


def iam_kubeconfig(world: World) -> Path:
    """What `aws eks update-kubeconfig` would write."""
    file = world.folder / "iam.kubeconfig"
    if not file.exists():
        login = {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": str(Path(sys.executable).parent / "aws"),
            "args": ["eks", "get-token", "--cluster-name", CLUSTER, "--output", "json"],
        }
        cluster = {"server": world.api_server_url, "certificate-authority": str(world.pki / "ca.crt")}
        configuration = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"exec": login}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        file.write_text(json.dumps(configuration))
    return file


@pytest.fixture(scope="module")
def deployer(control_plane: World, toolbox: Toolbox) -> Generator[Person]:
    """The deployer, whose account holds cluster `one` with an access entry for him."""
    engine = EmulatorEngine()
    engine.obtain(toolbox)
    engine.start(control_plane)
    eventually(lambda: engine.ready(control_plane), "the emulator is ready")
    credentials = json.loads((control_plane.run / "credentials.json").read_text())
    person = Person(control_plane, toolbox.path("kubectl"), credentials)
    create_account(person)
    yield person
    engine.stop(control_plane)
    assert not processes.alive(control_plane, engine.name)
    # The API server goes on without the emulator: asked of nobody, its webhook would refuse every pod.
    replace(person, credentials=None).must("delete", "mutatingwebhookconfiguration", WEBHOOK)


@pytest.fixture(scope="module")
def admin(deployer: Person) -> Person:
    """The rehearsal itself, with its client certificate."""
    return replace(deployer, credentials=None)


def create_account(person: Person) -> None:
    """VPC, roles, cluster, namespace and the deployer's rights."""
    ec2, eks = person.aws("ec2"), person.aws("eks")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for index, zone in enumerate("ab"):
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"{person.world.region}{zone}"
        )
    for name in ("eks", "ec2", "pods.eks"):
        create_role(person, name.replace(".", "-"), f"{name}.amazonaws.com")
    eks.create_cluster(
        name=CLUSTER,
        roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/eks",
        resourcesVpcConfig={"subnetIds": subnets(person)},
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
    )


def subnets(person: Person) -> list[str]:
    """The subnets of our own VPC."""
    filters = [{"Name": "cidr-block", "Values": ["10.0.*"]}]
    return [each["SubnetId"] for each in person.aws("ec2").describe_subnets(Filters=filters)["Subnets"]]


def create_role(person: Person, name: str, service: str | None = None) -> str:
    """A role that a service may assume."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement] if service else []})
    return person.aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]


def new_person(deployer: Person, role: str) -> Person:
    """Somebody in a role of their own."""
    arn = create_role(deployer, role)
    session = deployer.aws("sts").assume_role(RoleArn=arn, RoleSessionName=role)["Credentials"]
    return replace(deployer, credentials=session)


def test_the_deployer_gets_in_by_iam_alone(deployer: Person) -> None:
    """Refused without an access entry; admitted with one; able to act with the cluster-admin policy."""
    eks = deployer.aws("eks")
    refused = deployer.run("get", "namespaces")
    assert refused.returncode != 0
    assert "logged in" in refused.stderr or "credentials" in refused.stderr
    eks.create_access_entry(clusterName=CLUSTER, principalArn=DEPLOYER)
    eks.associate_access_policy(
        clusterName=CLUSTER,
        principalArn=DEPLOYER,
        policyArn=POLICIES + "AmazonEKSClusterAdminPolicy",
        accessScope={"type": "cluster"},
    )
    eventually(lambda: deployer.can("create", "namespace", NAMESPACE), "the deployer creates a namespace")


def test_an_unknown_role_is_refused(deployer: Person) -> None:
    """A valid identity of the account, but no access entry."""
    assert not new_person(deployer, "stranger").can("get", "namespaces")


def test_view_only_cannot_create_and_ends_with_the_association(deployer: Person) -> None:
    """In its namespace it may look, nowhere else and nothing more; and no longer after disassociation."""
    eks, viewer = deployer.aws("eks"), new_person(deployer, "viewer")
    entry = {"clusterName": CLUSTER, "principalArn": f"arn:aws:iam::{ACCOUNT_ID}:role/viewer"}
    policy = POLICIES + "AmazonEKSViewPolicy"
    eks.create_access_entry(**entry)
    scope = {"type": "namespace", "namespaces": ["tenant-*"]}
    eks.associate_access_policy(**entry, policyArn=policy, accessScope=scope)
    look = ("get", "configmaps", "--namespace", NAMESPACE)
    eventually(lambda: viewer.can(*look), "the viewer looks")
    assert "forbidden" in viewer.run("create", "configmap", "x", "--namespace", NAMESPACE).stderr
    assert "forbidden" in viewer.run("get", "configmaps", "--namespace", "default").stderr
    eks.disassociate_access_policy(**entry, policyArn=policy)
    eventually(lambda: "forbidden" in viewer.run(*look).stderr, "the viewer looks no longer")


def test_the_collector_of_metrics_reads_metrics_and_no_secrets(deployer: Person) -> None:
    """By the policy that AWS gives its role; it finds what to scrape, and changes nothing."""
    eks, collector = deployer.aws("eks"), new_person(deployer, "collector")
    entry = {"clusterName": CLUSTER, "principalArn": f"arn:aws:iam::{ACCOUNT_ID}:role/collector"}
    policy = POLICIES + "AmazonPrometheusScraperPolicy"
    eks.create_access_entry(**entry)
    eks.associate_access_policy(**entry, policyArn=policy, accessScope={"type": "cluster"})
    eventually(
        lambda: "apiserver_request_total" in collector.run("get", "--raw", "/metrics").stdout, "metrics"
    )
    for kind in ("nodes", "pods", "endpoints"):
        collector.must("get", kind, "--namespace", "default")
    assert "forbidden" in collector.run("get", "secrets", "--namespace", NAMESPACE).stderr
    assert "forbidden" in collector.run("create", "configmap", "x", "--namespace", NAMESPACE).stderr


def test_a_pod_gets_credentials_of_its_role(deployer: Person, admin: Person) -> None:
    """The webhook adds token and address to the pod; the agent changes such a token into a session."""
    deployer.aws("eks").create_pod_identity_association(
        clusterName=CLUSTER,
        namespace=NAMESPACE,
        serviceAccount="training",
        roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/pods-eks",
    )
    for account in ("training", "other"):
        deployer.must("create", "serviceaccount", account, "--namespace", NAMESPACE)
        container = {"name": "main", "image": "none"}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": account, "namespace": NAMESPACE},
            "spec": {"serviceAccountName": account, "containers": [container]},
        }
        deployer.must("create", "-f", "-", manifest=pod)
    variables = {
        account: [
            item["name"]
            for item in admin.get("pod", account, "--namespace", NAMESPACE)["spec"]["containers"][0].get(
                "env", ()
            )
        ]
        for account in ("training", "other")
    }
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in variables["training"]
    assert variables["other"] == []
    endpoint = admin.get("configmap", "aws-endpoint", "--namespace", NAMESPACE)
    assert endpoint["data"]["AWS_ENDPOINT_URL"] == deployer.world.aws_endpoint_url
    authority = admin.get("configmap", "aws-endpoint-ca", "--namespace", NAMESPACE)["data"]
    assert authority == {"ca.crt": deployer.world.certificate_authority.read_text()}
    status, credentials = ask_agent(admin, "--audience", "pods.eks.amazonaws.com")
    assert status == 200
    pod_login = credentials | {"SessionToken": credentials["Token"]}
    arn = replace(deployer, credentials=pod_login).aws("sts").get_caller_identity()["Arn"]
    assert ":assumed-role/pods-eks/eks-one-training-" in arn
    assert ask_agent(admin)[0] == 401


def ask_agent(admin: Person, *audience: str) -> tuple[int, dict[str, str]]:
    """What the agent answers, asked inside the rehearsal's network with a token of the service account."""
    token = admin.must("create", "token", "training", "--namespace", NAMESPACE, *audience).strip()
    script = (
        "import json, sys, urllib.error, urllib.request as r\n"
        "q = r.Request('http://169.254.170.23/v1/credentials', headers={'Authorization': sys.stdin.read()})\n"
        "try:\n    a = r.urlopen(q, timeout=10)\n    print(json.dumps([a.status, json.load(a)]))\n"
        "except urllib.error.HTTPError as e:\n    print(json.dumps([e.code, {}]))\n"
    )
    done = processes.run_inside(
        admin.world, [sys.executable, "-c", script], input=token, capture_output=True, text=True, check=True
    )
    status, body = json.loads(done.stdout)
    return status, body


@pytest.fixture
def node(deployer: Person, admin: Person) -> Generator[str]:
    """Name of a node that bears a label; other tests on this control plane make it, too."""
    name = pki.node_name(deployer.world)
    labels = {"own": "kept"}
    made = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
    admin.must("create", "-f", "-", manifest=made)
    yield name
    admin.must("delete", "node", name)


def test_the_node_takes_the_part_of_its_group(deployer: Person, admin: Person, node: str) -> None:
    """No group: tainted. A GPU group: its labels, taints and GPUs. Group deleted: as before."""
    eks = deployer.aws("eks")

    def shows(taint: dict[str, str], gpus: str | None, pool: str | None) -> bool:
        found = admin.get("node", node)
        taints = [
            {key: each[key] for key in ("key", "value", "effect") if key in each}
            for each in found["spec"].get("taints", ())
            if not each["key"].startswith("node.kubernetes.io/")
        ]
        labels, status = found["metadata"]["labels"], found["status"]
        return (
            taints == [taint]
            and status.get("capacity", {}).get(GPU) == status.get("allocatable", {}).get(GPU) == gpus
            and labels.get("groundplan.dev/pool") == labels.get("eks.amazonaws.com/nodegroup") == pool
            and labels["own"] == "kept"
        )

    eventually(lambda: shows(NO_GROUP_TAINT, None, None), "a node without a group is tainted")
    group = {"subnets": subnets(deployer), "nodeRole": f"arn:aws:iam::{ACCOUNT_ID}:role/ec2"}
    for pool, instance_type in (("cpu", "m7i.xlarge"), ("gpu", "g6.12xlarge")):
        eks.create_nodegroup(
            clusterName=CLUSTER,
            nodegroupName=pool,
            instanceTypes=[instance_type],
            labels={"groundplan.dev/pool": pool},
            taints=[{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
            **group,
        )
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    eventually(lambda: shows(taint, "4", "gpu"), "the node is one of the GPU group")
    eks.delete_nodegroup(clusterName=CLUSTER, nodegroupName="gpu")
    eventually(lambda: shows(taint, None, "cpu"), "the node is one of the other group")
    eks.delete_nodegroup(clusterName=CLUSTER, nodegroupName="cpu")
    eventually(lambda: shows(NO_GROUP_TAINT, None, None), "the node has no group again")


def test_a_load_balancer_has_the_address_of_the_node(deployer: Person, admin: Person) -> None:
    """A Service of that type gets it, and loses it when it becomes another type."""
    create = ("create", "service", "loadbalancer", "front", "--tcp=8000", "--namespace", NAMESPACE)
    deployer.must(*create)

    def addresses() -> list[str]:
        status = admin.get("service", "front", "--namespace", NAMESPACE)["status"]
        return [each["ip"] for each in status["loadBalancer"].get("ingress", ())]

    eventually(lambda: addresses() == [str(deployer.world.node_address)], "the Service has an address")
    patch = '{"spec": {"type": "ClusterIP"}}'
    deployer.must("patch", "service", "front", "--namespace", NAMESPACE, "--patch", patch)
    eventually(lambda: addresses() == [], "the Service has no address")


def test_the_end_of_the_cluster_ends_all_rights(deployer: Person, admin: Person) -> None:
    """Logins are refused, bindings are gone, and the inventory of EKS is empty."""
    kube_api.apply(deployer.world, [ENGINE_BINDING])
    deployer.aws("eks").delete_cluster(name=CLUSTER)
    eventually(lambda: not deployer.can("get", "namespaces"), "the login ends")

    def policy_bindings() -> list[str]:
        found = admin.get("clusterrolebindings")["items"]
        names = [each["metadata"]["name"] for each in found]
        return [name for name in names if name.startswith("eks-access-policy:")]

    eventually(lambda: policy_bindings() == [], "the bindings go")
    assert admin.get("clusterrolebinding", ENGINE_BINDING["metadata"]["name"]), "an engine's own stays"
    assert inventory.aws_inventory(deployer.world)["eks"] == []
