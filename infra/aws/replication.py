"""Replication of zones of the lake into a second region, by a role that can copy and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy
from pulumi_aws.s3.bucket_replication_config import BucketReplicationConfig

from infra.aws.account import Account
from infra.aws.documents import allow, document, service_trust
from infra.aws.lake import CLASS_OF_ZONE, bucket_name, holds_models
from infra.aws.replicas import replica_of
from infra.conventions import ComponentType, DataClass, physical_name, registered
from infra.planning.recovery import REPLICATION_MINUTES


@dataclass(frozen=True, kw_only=True)
class ReplicationArgs:
    """What the replication is made from.

    Args:
        environment: part of every name.
        account: where the sources are.
        replica_region: where the replicas are.
        sources: bucket of each zone that is replicated.
        source_key_arns: KMS keys of the sources.
        replica_key_arns: KMS key of the replica of each zone.
    """

    environment: str
    account: Account
    replica_region: str
    sources: Mapping[str, Input[str]]
    source_key_arns: Mapping[str, Input[str]]
    replica_key_arns: Mapping[str, Input[str]]


@dataclass(frozen=True, kw_only=True)
class ReplicationOutputs:
    """The role that copies."""

    role_arn: Output[str]


class Replication(pulumi.ComponentResource):
    """Copies each new object within minutes, and measures how late it is."""

    def __init__(self, name: str, args: ReplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.REPLICATION, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        role = self._create_role()
        permission = self._permit(role)
        for zone, bucket in args.sources.items():
            self._replicate(zone, bucket, role, permission)
        self.outputs = ReplicationOutputs(role_arn=role.arn)
        self.register_outputs(registered(self.outputs))

    def _source_arn(self, zone: str) -> str:
        return self._args.account.bucket_arn(bucket_name(self._args.environment, zone, self._args.account))

    def _create_role(self) -> Role:
        """S3 says of no source when it replicates: AWS documents the trust without conditions.

        Nobody of another account can use the role: PassRole works within one account only.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
        """
        args = self._args
        name = physical_name(args.environment, "replication")
        return Role(
            name,
            name=name,
            description=f"Lets S3 copy the lake to {args.replica_region}",
            assume_role_policy=service_trust("s3.amazonaws.com"),
            opts=self._child,
        )

    def _permit(self, role: Role) -> RolePolicy:
        args = self._args
        sources = [self._source_arn(zone) for zone in args.sources]
        replicas = [self._source_arn(replica_of(zone)) for zone in args.sources]
        return RolePolicy(
            physical_name(args.environment, "replication"),
            name="copy",
            role=role.name,
            policy=document(
                allow(
                    "FindWhatToCopy",
                    actions=["s3:GetReplicationConfiguration", "s3:ListBucket"],
                    resources=sources,
                ),
                allow(
                    "ReadSources",
                    actions=[
                        "s3:GetObjectVersionAcl",
                        "s3:GetObjectVersionForReplication",
                        "s3:GetObjectVersionTagging",
                    ],
                    resources=[f"{arn}/*" for arn in sources],
                ),
                allow(
                    "WriteReplicas",
                    actions=["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
                    resources=[f"{arn}/*" for arn in replicas],
                ),
                allow(
                    "DecryptSources",
                    actions=["kms:Decrypt"],
                    resources=list(args.source_key_arns.values()),
                    conditions=_through_s3(args.account.region),
                ),
                allow(
                    "EncryptReplicas",
                    actions=["kms:Encrypt", "kms:GenerateDataKey"],
                    resources=self._replica_keys(),
                    conditions=_through_s3(args.replica_region),
                ),
            ),
            opts=self._child,
        )

    def _replica_keys(self) -> list[Input[str]]:
        """Each key once, however many zones share it."""
        arns = self._args.replica_key_arns
        return list({holds_models(zone): arn for zone, arn in arns.items()}.values())

    def _replicate(self, zone: str, bucket: Input[str], role: Role, permission: RolePolicy) -> None:
        args = self._args
        # Whoever asks for the deletion of personal data means each copy. Elsewhere a replica also is the way
        # back from a deletion by mistake.
        follows_deletions = CLASS_OF_ZONE[zone] == DataClass.PERSONAL
        BucketReplicationConfig(
            physical_name(args.environment, zone),
            bucket=bucket,
            role=role.arn,
            rules=[
                {
                    "id": "to-second-region",
                    "status": "Enabled",
                    "priority": 1,
                    "filter": {"prefix": ""},
                    "delete_marker_replication": {"status": "Enabled" if follows_deletions else "Disabled"},
                    "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
                    "destination": {
                        "bucket": self._source_arn(replica_of(zone)),
                        "storage_class": "STANDARD_IA",
                        "encryption_configuration": {"replica_kms_key_id": args.replica_key_arns[zone]},
                        "metrics": {"status": "Enabled", "event_threshold": {"minutes": REPLICATION_MINUTES}},
                        "replication_time": {"status": "Enabled", "time": {"minutes": REPLICATION_MINUTES}},
                    },
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )


def _through_s3(region: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}}
