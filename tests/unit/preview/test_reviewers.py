"""What reviewers say of single changes: each opens something, and its like that opens nothing is not told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groundplan.preview.findings import Section, Weight
from groundplan.preview.reviewers import review

from .previews import changes, step

RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
CLUSTER = "aws:eks/cluster:Cluster"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ALL_BLOCKED = dict.fromkeys(
    ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
)
MSK = "aws:msk/cluster:Cluster"
GRAFANA = "aws:grafana/workspace:Workspace"
TOPIC = "aws:msk/topic:Topic"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SERVICE = "kubernetes:core/v1:Service"
INTERNAL = {"service.beta.kubernetes.io/aws-load-balancer-internal": "true"}


def rule(source: str, port: int = 443, last: int | None = None) -> dict[str, Any]:
    """A rule of a security group."""
    return {"cidrIpv4": source, "ipProtocol": "tcp", "fromPort": port, "toPort": last or port}


def ingress(*ranges: str) -> dict[str, Any]:
    """A network policy that lets ranges in."""
    return {"spec": {"ingress": [{"from": [{"ipBlock": {"cidr": each}} for each in ranges]}]}}


def service(type_: str, annotations: dict[str, str] | None = None) -> dict[str, Any]:
    """A Kubernetes service."""
    return {"spec": {"type": type_}, "metadata": {"annotations": annotations or {}}}


def brokers(access: str) -> dict[str, Any]:
    """Brokers with or without public access."""
    return {"brokerNodeGroupInfo": {"connectivityInfo": {"publicAccess": {"type": access}}}}


def opened_to(*lists: str) -> dict[str, Any]:
    """Dashboards behind an endpoint, and open to some lists of addresses."""
    return {"networkAccessControl": {"prefixListIds": list(lists), "vpceIds": ["vpce-1"]}}


OPENED = [
    ("update", RULE, rule("10.0.0.0/16"), rule("0.0.0.0/0"), Weight.DANGER),
    ("create", RULE, None, rule("8.8.8.0/24"), Weight.DANGER),
    ("update", RULE, rule("10.0.0.0/16"), rule("10.0.0.0/8"), Weight.WARNING),
    ("update", RULE, rule("10.0.0.0/8"), rule("10.0.0.0/8", 0, 65535), Weight.WARNING),
    ("update", RULE, rule("10.0.0.0/8"), rule("100.64.0.0/16"), Weight.WARNING),
    ("update", CLUSTER, {"vpcConfig": {"endpointPublicAccess": False}},
     {"vpcConfig": {"endpointPublicAccess": True}}, Weight.DANGER),
    ("create", CLUSTER, None, {"vpcConfig": {}}, Weight.DANGER),
    ("update", CLUSTER, {"vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["1.1.1.1/32"]}},
     {"vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}}, Weight.DANGER),
    ("update", BLOCK, ALL_BLOCKED, ALL_BLOCKED | {"blockPublicPolicy": False}, Weight.DANGER),
    ("delete", BLOCK, ALL_BLOCKED, None, Weight.DANGER),
    ("update", MSK, brokers("DISABLED"), brokers("SERVICE_PROVIDED_EIPS"), Weight.DANGER),
    ("update", GRAFANA, opened_to(), {}, Weight.DANGER),
    ("update", GRAFANA, opened_to(), opened_to("pl-1"), Weight.DANGER),
    ("create", GRAFANA, None, {}, Weight.DANGER),
    ("update", "aws:lb/loadBalancer:LoadBalancer", {"internal": True}, {"internal": False}, Weight.DANGER),
    ("update", "aws:rds/clusterInstance:ClusterInstance", {}, {"publiclyAccessible": True}, Weight.DANGER),
    ("update", SERVICE, service("LoadBalancer", INTERNAL), service("LoadBalancer"), Weight.DANGER),
    ("update", SERVICE, service("ClusterIP"), service("LoadBalancer"), Weight.DANGER),
    ("delete", POLICY, ingress("10.0.0.0/8"), None, Weight.DANGER),
    ("update", POLICY, ingress("10.0.0.0/8"), ingress("10.0.0.0/8", "0.0.0.0/0"), Weight.DANGER),
    ("update", POLICY, ingress("10.0.0.0/8"), {"spec": {"ingress": [{}]}}, Weight.DANGER),
]  # fmt: skip
CLOSED = [
    ("update", RULE, rule("0.0.0.0/0"), rule("10.0.0.0/8")),
    ("update", RULE, rule("10.0.0.0/8", 0, 65535), rule("10.1.0.0/16", 443)),
    ("delete", RULE, rule("0.0.0.0/0"), None),
    ("create", CLUSTER, None, {"vpcConfig": {"endpointPublicAccess": False}}),
    ("update", BLOCK, ALL_BLOCKED | {"blockPublicAcls": False}, ALL_BLOCKED),
    ("create", BLOCK, None, ALL_BLOCKED),
    ("update", MSK, brokers("SERVICE_PROVIDED_EIPS"), brokers("DISABLED")),
    ("update", GRAFANA, {}, opened_to()),
    ("create", GRAFANA, None, opened_to()),
    ("update", "aws:lb/loadBalancer:LoadBalancer", {"internal": False}, {"internal": True}),
    ("update", SERVICE, service("LoadBalancer"), service("LoadBalancer", INTERNAL)),
    ("update", POLICY, ingress("10.0.0.0/8", "172.16.0.0/12"), ingress("10.0.0.0/8")),
    ("create", POLICY, None, {"spec": {"ingress": []}}),
]


@pytest.mark.parametrize(("op", "type_", "old", "new", "weight"), OPENED)
def test_what_opens_is_told(op: str, type_: str, old: Any, new: Any, weight: Weight) -> None:
    """One finding of exposure, of the right weight."""
    found = [each for each in review(changes(step(op, type_, old, new))) if each.section is Section.EXPOSURE]
    assert [each.weight for each in found] == [weight]


@pytest.mark.parametrize(("op", "type_", "old", "new"), CLOSED)
def test_what_closes_is_not(op: str, type_: str, old: Any, new: Any) -> None:
    """Less exposure needs no attention."""
    found = review(changes(step(op, type_, old, new)))
    assert [each for each in found if each.section is Section.EXPOSURE] == []


@pytest.mark.parametrize(
    ("type_", "old", "new", "section", "said"),
    [
        ("aws:rds/cluster:Cluster", {"deletionProtection": True}, {"deletionProtection": False},
         Section.PROTECTION, "no longer refuse"),
        ("aws:s3/bucket:Bucket", {"forceDestroy": False}, {"forceDestroy": True},
         Section.PROTECTION, "not empty"),
        (TOPIC, {"configs": '{"retention.ms": "604800000"}'}, {"configs": '{"retention.ms": "86400000"}'},
         Section.PROTECTION, "retention: 168 -> 24 hours"),
        (TOPIC, {"partitionCount": 12}, {"partitionCount": 6}, Section.DATA, "Kafka removes none"),
        (TOPIC, {"partitionCount": 6}, {"partitionCount": 12}, Section.CAPACITY, "partitions: 6 -> 12"),
        ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 365}, {"retentionInDays": 30},
         Section.PROTECTION, "365 -> 30 days"),
        ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 0}, {"retentionInDays": 365},
         Section.PROTECTION, "0 -> 365 days"),
        ("aws:iam/role:Role", {"permissionsBoundary": "arn:b"}, {}, Section.ACCESS, "boundary"),
        ("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", {},
         {"principalArn": "p", "policyArn": "AmazonEKSClusterAdminPolicy"}, Section.ACCESS, "ClusterAdmin"),
        ("kubernetes:rbac.authorization.k8s.io/v1:Role",
         {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
         {"rules": [{"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get"]}]},
         Section.ACCESS, "+ get secrets"),
        ("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
         {"roleRef": {"name": "view", "kind": "Role"}, "subjects": []},
         {"roleRef": {"name": "view", "kind": "Role"}, "subjects": [{"kind": "Group", "name": "all"}]},
         Section.ACCESS, "+ Group all"),
        ("kubernetes:core/v1:ResourceQuota", {"spec": {"hard": {"requests.nvidia.com/gpu": "8"}}},
         {"spec": {"hard": {"requests.nvidia.com/gpu": "16"}}}, Section.CAPACITY, "gpu: 8 -> 16"),
        ("aws:eks/nodeGroup:NodeGroup",
         {"instanceTypes": ["p5.48xlarge"], "scalingConfig": {"minSize": 0, "maxSize": 2}},
         {"instanceTypes": ["p5.48xlarge"], "scalingConfig": {"minSize": 0, "maxSize": 4}},
         Section.CAPACITY, "GPUs, at most: 16 -> 32"),
        ("kubernetes:karpenter.sh/v1:NodePool",
         {"spec": {"limits": {"nodes": "2", "nvidia.com/gpu": "8"}}},
         {"spec": {"limits": {"nodes": "4", "nvidia.com/gpu": "16"}}},
         Section.CAPACITY, "GPUs, at most: 8 -> 16"),
    ],
)  # fmt: skip
def test_other_questions_are_asked(type_: str, old: Any, new: Any, section: Section, said: str) -> None:
    """Protection, data, access and capacity."""
    found = [each for each in review(changes(step("update", type_, old, new))) if each.section is section]
    assert found
    assert said in "\n".join(("\n".join((each.text, *each.facts))) for each in found)


@pytest.mark.parametrize("junk", [None, [], {}, "text", 7, {"a": [None]}, [{"b": {}}]])
def test_no_value_is_too_strange(junk: Any) -> None:
    """Inputs of any shape are compared; nothing is raised."""
    types = [CLUSTER, BLOCK, MSK, "aws:eks/nodeGroup:NodeGroup", "aws:iam/role:Role"]
    for type_ in types:
        found = changes(step("update", type_, {"tags": junk, "x": 1}, {"tags": None, "x": junk}))
        review(found)


def test_a_topic_that_goes_loses_its_events() -> None:
    """The gravest finding there is; a longer retention and more partitions are none."""
    deleted = review(changes(step("delete", TOPIC, {}, None)))
    (found,) = [each for each in deleted if each.section is Section.DATA]
    assert (found.weight, "loses its events" in found.text) == (Weight.DANGER, True)
    short, for_ever = ({"configs": json.dumps({"retention.ms": each})} for each in ("1", "-1"))
    longer = step("update", TOPIC, short, for_ever)
    grown = step("update", TOPIC, {"partitionCount": 6}, {"partitionCount": 12})
    careful = {Section.DATA, Section.PROTECTION}
    assert [each for each in review(changes(longer, grown)) if each.section in careful] == []
