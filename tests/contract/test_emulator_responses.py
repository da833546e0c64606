"""Every answer of our own EKS has the shape that AWS' service model gives it."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from moto.core.utils import get_service_model

from groundplan.rehearsal.emulator.eks.response import EksResponse, implemented
from groundplan.rehearsal.emulator.shapes import problems
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, POLICY_PREFIX, Emulated, emulated

NODE_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/node"
POD_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/pod"
READ_BY_THE_PROVIDER = {
    "DescribeCluster": {
        "cluster": (
            "accessConfig arn certificateAuthority createdAt endpoint identity kubernetesNetworkConfig "
            "logging name platformVersion resourcesVpcConfig roleArn status tags upgradePolicy version"
        )
    },
    "DescribeNodegroup": {
        "nodegroup": (
            "amiType capacityType clusterName health instanceTypes labels nodeRepairConfig nodeRole "
            "nodegroupArn nodegroupName releaseVersion resources scalingConfig status subnets tags taints "
            "updateConfig version"
        )
    },
    "DescribeAddon": {
        "addon": "addonArn addonName addonVersion clusterName createdAt modifiedAt status tags"
    },
    "DescribeAccessEntry": {
        "accessEntry": "accessEntryArn createdAt kubernetesGroups modifiedAt principalArn tags type username"
    },
    "DescribePodIdentityAssociation": {
        "association": "associationArn associationId clusterName namespace roleArn serviceAccount tags"
    },
}
"""Members whose absence the Terraform provider takes for a difference or a failure."""


class Recorder:
    """Keeps the raw and the parsed body of the latest answer to each operation."""

    def __init__(self, client: Any, service: str = "eks") -> None:
        self.answers: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        client.meta.events.register(f"after-call.{service}", self._keep)

    def _keep(self, http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        body = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
        self.answers[model.name] = (json.loads(http_response.content or b"{}"), body)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulated]:
    """An emulator."""
    with emulated(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="module")
def answers(aws: Emulated) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """One answer of every operation, from the life of one cluster."""
    eks = aws.client("eks")
    recorder = Recorder(eks)
    role, policy = aws.role("engineer"), POLICY_PREFIX + "AmazonEKSViewPolicy"
    arn = create_cluster(eks, aws)
    named = {"clusterName": "one"}
    entry = {**named, "principalArn": role}
    eks.create_access_entry(**entry)
    eks.update_access_entry(**entry, kubernetesGroups=["tenant"])
    eks.describe_access_entry(**entry)
    eks.associate_access_policy(
        **entry, policyArn=policy, accessScope={"type": "namespace", "namespaces": ["a"]}
    )
    eks.list_associated_access_policies(**entry)
    eks.list_access_entries(**named)
    eks.list_access_policies()
    use_node_group(eks, aws, named)
    use_addon(eks, named)
    association = eks.create_pod_identity_association(
        **named, namespace="a", serviceAccount="b", roleArn=POD_ROLE
    )["association"]["associationId"]
    eks.update_pod_identity_association(**named, associationId=association, roleArn=POD_ROLE)
    eks.describe_pod_identity_association(**named, associationId=association)
    eks.list_pod_identity_associations(**named)
    eks.tag_resource(resourceArn=arn, tags={"a": "b"})
    eks.list_tags_for_resource(resourceArn=arn)
    eks.untag_resource(resourceArn=arn, tagKeys=["a"])
    eks.disassociate_access_policy(**entry, policyArn=policy)
    eks.delete_access_entry(**entry)
    eks.delete_pod_identity_association(**named, associationId=association)
    eks.delete_addon(**named, addonName="vpc-cni")
    eks.delete_nodegroup(**named, nodegroupName="gpu")
    eks.delete_cluster(name="one")
    return recorder.answers


def create_cluster(eks: Any, aws: Emulated) -> str:
    """Create, update and describe cluster `one`; returns its ARN."""
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    cluster = eks.create_cluster(
        name="one",
        roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/cluster",
        resourcesVpcConfig={"subnetIds": aws.subnets},
        accessConfig={"authenticationMode": "API"},
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}],
    )["cluster"]
    logging = {"clusterLogging": [{"types": ["api"], "enabled": True}]}
    update = eks.update_cluster_config(name="one", logging=logging)["update"]["id"]
    eks.update_cluster_version(name="one", version="1.35")
    eks.describe_update(name="one", updateId=update)
    eks.list_updates(name="one")
    eks.describe_cluster(name="one")
    eks.list_clusters()
    return cluster["arn"]


def use_node_group(eks: Any, aws: Emulated, named: dict[str, str]) -> None:
    """Create, update and describe node group `gpu`."""
    group = {**named, "nodegroupName": "gpu"}
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}
    eks.create_nodegroup(
        **group, subnets=aws.subnets, nodeRole=NODE_ROLE, instanceTypes=["g6.12xlarge"], taints=[taint]
    )
    eks.update_nodegroup_config(**group, labels={"addOrUpdateLabels": {"a": "b"}})
    eks.update_nodegroup_version(**group)
    eks.describe_nodegroup(**group)
    eks.list_nodegroups(**named)


def use_addon(eks: Any, named: dict[str, str]) -> None:
    """Create, update and describe add-on `vpc-cni`."""
    addon = {**named, "addonName": "vpc-cni"}
    wanted = [{"serviceAccount": "aws-node", "roleArn": POD_ROLE}]
    eks.create_addon(**addon, configurationValues="{}", podIdentityAssociations=wanted)
    eks.update_addon(**addon, configurationValues='{"env": {}}')
    eks.describe_addon(**addon)
    eks.list_addons(**named)
    eks.describe_addon_versions(addonName="vpc-cni")


def unknown_members(shape: Shape | None, value: Any, path: str) -> Iterator[str]:
    """Members of a raw answer that the model does not have: a client would silently drop them."""
    if isinstance(shape, StructureShape):
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, item in value.items():
            if name in known:
                yield from unknown_members(known[name], item, f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif isinstance(shape, ListShape):
        for item in value:
            yield from unknown_members(shape.member, item, path)
    elif isinstance(shape, MapShape):
        for item in value.values():
            yield from unknown_members(shape.value, item, path)


@pytest.mark.parametrize("operation", sorted(implemented().values()))
def test_the_answer_fits_the_service_model(
    answers: dict[str, tuple[dict[str, Any], dict[str, Any]]], operation: str
) -> None:
    """Types, enumerations, lengths, patterns and required members, and no member that AWS does not have."""
    raw, parsed = answers[operation]
    shape = get_service_model("eks").operation_model(operation).output_shape
    assert list(unknown_members(shape, raw, operation)) == []
    if shape is not None:
        assert list(problems(shape, parsed)) == []
        assert not set(shape.members) - set(parsed) - {"nextToken"}


@pytest.mark.parametrize("operation", sorted(READ_BY_THE_PROVIDER))
def test_the_answer_holds_what_the_provider_reads(
    answers: dict[str, tuple[dict[str, Any], dict[str, Any]]], operation: str
) -> None:
    """The service model requires none of them, but the provider does."""
    _, parsed = answers[operation]
    for part, members in READ_BY_THE_PROVIDER[operation].items():
        assert set(members.split()) - set(parsed[part]) == set()


@pytest.mark.parametrize(
    ("call", "code", "status"),
    [
        (("describe_cluster", {"name": "nothing"}), "ResourceNotFoundException", 404),
        (("describe_addon_versions", {"maxResults": 0}), "InvalidParameterException", 400),
        (("list_insights", {"clusterName": "nothing"}), "InvalidRequestException", 400),
    ],
)
def test_errors_fit_the_service_model(
    aws: Emulated, call: tuple[str, dict[str, Any]], code: str, status: int
) -> None:
    """Code and HTTP status are those of the error's shape; SDKs decide by them whether to try again."""
    with pytest.raises(ClientError) as error:
        getattr(aws.client("eks"), call[0])(**call[1])
    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_no_part_of_eks_hides_a_method_of_another() -> None:
    """The operations are mix-ins of one class: the same name twice would call the wrong one."""
    owners: dict[str, list[str]] = {}
    for part in EksResponse.__bases__:
        for name in vars(part):
            if not name.startswith("__"):
                owners.setdefault(name, []).append(part.__name__)
    assert {name: parts for name, parts in owners.items() if len(parts) > 1} == {}
