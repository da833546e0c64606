"""What holds data, or serves, and would be deleted or made anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from groundplan.preview.changes import Change
from groundplan.preview.findings import Finding, Section, Weight
from groundplan.preview.values import code

HOLDS_DATA = {
    "aws:s3/bucket:Bucket": "its objects",
    "aws:s3/bucketV2:BucketV2": "its objects",
    "aws:kms/key:Key": "everything that it encrypts",
    "aws:rds/cluster:Cluster": "its databases",
    "aws:rds/instance:Instance": "its databases",
    "aws:dynamodb/table:Table": "its items",
    "aws:msk/cluster:Cluster": "its topics and their events",
    "aws:msk/serverlessCluster:ServerlessCluster": "its topics and their events",
    "aws:msk/topic:Topic": "its events",
    "aws:efs/fileSystem:FileSystem": "its files",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "its files",
    "aws:ebs/volume:Volume": "its blocks",
    "aws:ecr/repository:Repository": "its images",
    "aws:backup/vault:Vault": "its recovery points",
    "aws:cloudwatch/logGroup:LogGroup": "its log events",
    "aws:cloudtrail/trail:Trail": "the record of calls from then on",
    "aws:amp/workspace:Workspace": "its metrics",
    "aws:grafana/workspace:Workspace": "its dashboards, and who may open them",
    "aws:secretsmanager/secret:Secret": "its versions",
    "aws:elasticache/replicationGroup:ReplicationGroup": "its entries",
    "aws:opensearch/domain:Domain": "its indices",
    "aws:glue/catalogDatabase:CatalogDatabase": "its tables' definitions",
    "aws:glue/registry:Registry": "its schemas, without which events cannot be read",
    "aws:glue/schema:Schema": "its versions, without which events cannot be read",
    "kubernetes:core/v1:PersistentVolumeClaim": "its volume",
    "kubernetes:core/v1:Namespace": "every object in it",
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition": "every object of its kind",
}
"""Types that hold something which is not in the program, and what that is."""

_TOPIC = "aws:msk/topic:Topic"

SERVES = {
    "aws:eks/cluster:Cluster": "the cluster and all that runs in it",
    "aws:eks/nodeGroup:NodeGroup": "its nodes and the pods on them",
    "aws:ec2/capacityReservation:CapacityReservation": "capacity that may not be had again",
    "aws:rds/clusterInstance:ClusterInstance": "its connections",
    "aws:ec2/vpc:Vpc": "everything in it",
    "aws:ec2/subnet:Subnet": "everything in it",
    "aws:ec2/natGateway:NatGateway": "connections through it, and its address",
    "aws:lb/loadBalancer:LoadBalancer": "its connections, and its address",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "logins by it",
    "aws:vpc/securityGroup:SecurityGroup": "connections that it admits",
    "aws:ec2/securityGroup:SecurityGroup": "connections that it admits",
    "kubernetes:apps/v1:StatefulSet": "its pods",
    "kubernetes:apps/v1:Deployment": "its pods",
    "kubernetes:core/v1:Service": "its address",
}
"""Types that something running depends on, and what stops with them."""


def review(changes: Sequence[Change]) -> Iterator[Finding]:
    """A finding for each replacement and deletion of such a type."""
    for change in changes:
        if change.type == _TOPIC and change.operation == "update":
            yield from _partitions(change)
        if change.operation not in {"replace", "delete"}:
            continue
        if change.type in HOLDS_DATA:
            yield _finding(change, Weight.DANGER, f"loses {HOLDS_DATA[change.type]}")
        elif change.type in SERVES:
            yield _finding(change, Weight.WARNING, f"interrupts {SERVES[change.type]}")


def _partitions(change: Change) -> Iterator[Finding]:
    before, after = change.input("partitionCount", before=True), change.input("partitionCount")
    if isinstance(before, int | float) and isinstance(after, int | float) and after < before:
        yield Finding(
            section=Section.DATA,
            weight=Weight.DANGER,
            subject=f"{change.kind} {change.name}",
            urn=change.urn,
            text=f"has {before:g} partitions. Kafka removes none: an update to {after:g} fails.",
        )


def _finding(change: Change, weight: Weight, consequence: str) -> Finding:
    if change.operation == "replace":
        reasons = ", ".join(map(code, change.replaced_by)) or "the provider does not say what"
        text = f"would be made anew, which {consequence}. Forced by: {reasons}."
    else:
        text = f"would be deleted, which {consequence}."
    return Finding(
        section=Section.DATA,
        weight=weight,
        subject=f"{change.kind} {change.name}",
        urn=change.urn,
        text=text,
    )
