"""What pods of an associated service account get: by the webhook, and from the agent."""

from __future__ import annotations

import base64
import copy
import http.client
import json
import ssl
from typing import Any

import pytest

from groundplan.rehearsal.emulator.agent import CredentialsRefusedError, Pod, PodIdentityAgent
from groundplan.rehearsal.emulator.webhooks.pods import AUTHORITY_FILE, PodReviewer
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, LOCAL, Emulated

POD = Pod(namespace="tenant-vision", service_account="training", name="train-0")
SPEC: dict[str, Any] = {
    "serviceAccountName": "training",
    "initContainers": [{"name": "first"}],
    "containers": [{"name": "main", "env": [{"name": "AWS_REGION", "value": "mine"}]}],
}


@pytest.fixture(scope="module", autouse=True)
def association(aws: Emulated) -> str:
    """The service account `training` of `tenant-vision` has the role `pod` in cluster `one`."""
    aws.cluster("one")
    created = aws.client("eks").create_pod_identity_association(
        clusterName="one",
        namespace=POD.namespace,
        serviceAccount=POD.service_account,
        roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/pod",
    )
    return created["association"]["associationId"]


def admit(aws: Emulated, spec: dict[str, Any], **request: Any) -> tuple[dict[str, Any], list[str]]:
    """Have a pod reviewed; returns its spec after the patch and the namespaces that were made ready."""
    prepared: list[str] = []
    reviewer = PodReviewer(aws.emulator.store, prepare_namespace=prepared.append)
    wrapped = {"uid": "1", "namespace": POD.namespace, "object": {"spec": spec}} | request
    response = reviewer.review({"request": wrapped})["response"]
    assert (response["uid"], response["allowed"]) == ("1", True)
    patched = {"spec": copy.deepcopy(spec)}
    for operation in json.loads(base64.b64decode(response.get("patch", "W10="))):
        assert operation["op"] == "add"
        *path, last = operation["path"].strip("/").split("/")
        holder: Any = patched
        for step in path:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        if isinstance(holder, list):
            holder.append(operation["value"])
        else:
            holder[last] = operation["value"]
    return patched["spec"], prepared


def test_every_container_gets_token_and_address(aws: Emulated) -> None:
    """Volume, mount and variables are added everywhere; what a container sets itself stays."""
    spec, prepared = admit(aws, SPEC)
    assert prepared == [POD.namespace]
    [volume] = spec["volumes"]
    source = volume["projected"]["sources"][0]["serviceAccountToken"]
    assert source["audience"] == "pods.eks.amazonaws.com"
    for container in (*spec["initContainers"], *spec["containers"]):
        variables = {item["name"]: item["value"] for item in container["env"]}
        folder = container["volumeMounts"][0]["mountPath"]
        assert variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == "http://169.254.170.23/v1/credentials"
        assert variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] == f"{folder}/{source['path']}"
    own = [item["value"] for item in spec["containers"][0]["env"] if item["name"] == "AWS_REGION"]
    assert own == ["mine"]


def test_containers_with_the_endpoint_get_its_authority(aws: Emulated) -> None:
    """The certificate lies where `AWS_CA_BUNDLE` of the ConfigMap points, with and without an association."""
    taking = {"name": "main", "envFrom": [{"configMapRef": {"name": "aws-endpoint", "optional": True}}]}
    for account in ("training", "other"):
        containers = [taking, {"name": "side"}]
        spec, prepared = admit(aws, {"serviceAccountName": account, "containers": containers})
        assert prepared == [POD.namespace]
        volume = next(volume for volume in spec["volumes"] if "configMap" in volume)
        mounts = [
            [mount for mount in container.get("volumeMounts", []) if mount["name"] == volume["name"]]
            for container in spec["containers"]
        ]
        folder = str(AUTHORITY_FILE.parent)
        assert mounts == [[{"name": volume["name"], "mountPath": folder, "readOnly": True}], []]
        assert len(spec["volumes"]) == (2 if account == "training" else 1)


def test_a_second_review_changes_nothing(aws: Emulated) -> None:
    """The webhook may be called again after others have changed the pod."""
    once, _ = admit(aws, SPEC)
    assert admit(aws, once)[0] == once


def test_other_service_accounts_get_nothing(aws: Emulated) -> None:
    """No association, no change; the default service account included."""
    for spec in (SPEC | {"serviceAccountName": "other"}, {"containers": [{"name": "main"}]}):
        assert admit(aws, spec) == (spec, [])
    assert admit(aws, SPEC, namespace="elsewhere") == (SPEC, [])


def test_a_dry_run_has_no_side_effect(aws: Emulated) -> None:
    """The pod is shown as it would be, and the namespace is left alone."""
    spec, prepared = admit(aws, SPEC, dryRun=True)
    assert (prepared, "volumes" in spec) == ([], True)


def agent(aws: Emulated, pod: Pod | None) -> PodIdentityAgent:
    """An agent for which every token belongs to `pod`."""
    return PodIdentityAgent(aws.emulator.store, address=str(LOCAL), port=0, review=lambda _: pod)


def test_the_agent_gives_a_session_of_the_role(aws: Emulated) -> None:
    """Over HTTP by the container credentials protocol; the session is named after cluster and pod."""
    running = agent(aws, POD)
    running.start()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
        connection.request("GET", "/v1/credentials", headers={"Authorization": "token"})
        credentials = json.load(connection.getresponse())
        connection.close()
    finally:
        running.stop()
    assert credentials["AccountId"] == ACCOUNT_ID
    login = credentials | {"SessionToken": credentials["Token"]}
    arn = aws.client("sts", login).get_caller_identity()["Arn"]
    assert f":assumed-role/pod/eks-one-{POD.name}"[:40] in arn


@pytest.mark.parametrize(
    ("pod", "status"),
    [(None, 401), (Pod(namespace="tenant-vision", service_account="other"), 404)],
)
def test_the_agent_refuses_others(aws: Emulated, pod: Pod | None, status: int) -> None:
    """A token that is not valid, or of a service account without an association."""
    with pytest.raises(CredentialsRefusedError) as refused:
        agent(aws, pod).credentials("token")
    assert refused.value.status == status


def test_the_role_must_trust_pods(aws: Emulated, association: str) -> None:
    """A role whose trust policy does not name the service gives no credentials, as with EKS."""
    eks = aws.client("eks")
    eks.update_pod_identity_association(
        clusterName="one", associationId=association, roleArn=aws.role("untrusting", "ec2.amazonaws.com")
    )
    try:
        with pytest.raises(CredentialsRefusedError, match=r"does not let pods\.eks\.amazonaws\.com"):
            agent(aws, POD).credentials("token")
    finally:
        eks.update_pod_identity_association(
            clusterName="one", associationId=association, roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/pod"
        )


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/mutate-pods", b"{", 400), ("/authenticate", b"[]", 400), ("/elsewhere", b"{}", 404)],
)
def test_the_webhook_server_answers_nonsense(aws: Emulated, path: str, body: bytes, status: int) -> None:
    """Over TLS with the rehearsal's CA; what is no review gets a client error."""
    world, port = aws.emulator.world, aws.emulator.webhooks.port
    context = ssl.create_default_context(cafile=str(world.pki / "ca.crt"))
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
    connection.request("POST", path, body)
    assert connection.getresponse().status == status
    connection.close()
