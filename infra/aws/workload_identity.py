"""The identity of one workload of a tenant: an IAM role that only its service account can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi import Input, Output
from pulumi_aws.eks.pod_identity_association import PodIdentityAssociation
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy

from infra.aws.account import Account
from infra.aws.documents import Statement, allow, document
from infra.aws.pod_trust import trust_of_pods
from infra.conventions import ComponentType, physical_name, registered

LONGEST_SESSION_S = 3600
"""The least that IAM accepts as the longest session of a role."""
_READ = ("s3:GetObject",)
_WRITE = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a workload may do below the tenant's prefix of one zone of the lake.

    Args:
        zone: name of the zone; part of statement ids.
        bucket: name of its bucket.
        key_arn: KMS key of the bucket.
        write: whether it may also write, replace and delete.
    """

    zone: str
    bucket: str
    key_arn: Input[str]
    write: bool = False

    @property
    def actions(self) -> tuple[str, ...]:
        """What that is with objects, as IAM names it."""
        return (*_READ, *_WRITE) if self.write else _READ


@dataclass(frozen=True, kw_only=True)
class Signing:
    """What a workload does with the key that signs its tenant's models.

    Args:
        verb: who publishes signs, who serves verifies; nobody does both.
        key_arn: the key.
    """

    verb: Literal["Sign", "Verify"]
    key_arn: Input[str]


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentityArgs:
    """What an identity is made from.

    Args:
        environment: part of every name.
        account: where it is created.
        cluster_name: the cluster whose pods take the role.
        cluster_arn: its ARN.
        tenant: whose prefix the grants are about.
        workload: its service account.
        namespace: the service account's namespace.
        grants: what it may do in the lake.
        cache_arns: the cache and the tenant's user of it, if it may connect.
        signing: what it does with the key that signs its tenant's models, if anything.
        schema_arns: the registry of schemas and its schemas, if it may read them.
        stream_role_arn: the role by which it connects to the event stream, if it may.
    """

    environment: str
    account: Account
    cluster_name: Input[str]
    cluster_arn: Input[str]
    tenant: str
    workload: str
    namespace: str
    grants: Sequence[Grant]
    signing: Signing | None = None
    cache_arns: Sequence[Input[str]] = ()
    schema_arns: Sequence[Input[str]] = ()
    stream_role_arn: str | None = None


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentityOutputs:
    """The role, and the association that hands it to pods."""

    role_arn: Output[str]
    association_arn: Output[str]


class WorkloadIdentity(pulumi.ComponentResource):
    """Least privilege for one workload: its tenant's prefixes, the keys of their buckets, nothing else."""

    def __init__(
        self, name: str, args: WorkloadIdentityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(ComponentType.WORKLOAD_IDENTITY, name, None, opts)
        self._args = args
        self.grants = tuple(args.grants)
        self._child = pulumi.ResourceOptions(parent=self)
        self.role_name = physical_name(args.environment, args.tenant, args.workload)
        role = self._create_role()
        permission = self._permit(role)
        association = PodIdentityAssociation(
            self.role_name,
            cluster_name=args.cluster_name,
            namespace=args.namespace,
            service_account=args.workload,
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )
        self.outputs = WorkloadIdentityOutputs(role_arn=role.arn, association_arn=association.association_arn)
        self.register_outputs(registered(self.outputs))

    def _create_role(self) -> Role:
        args = self._args
        return Role(
            self.role_name,
            name=self.role_name,
            description=f"{args.workload} of tenant {args.tenant}",
            assume_role_policy=trust_of_pods(args.account, args.cluster_arn, args.namespace, args.workload),
            max_session_duration=LONGEST_SESSION_S,
            tags={"Tenant": args.tenant},
            opts=self._child,
        )

    def _permit(self, role: Role) -> RolePolicy:
        return RolePolicy(
            self.role_name,
            name="lake",
            role=role.name,
            policy=document(
                *(statement for grant in self._args.grants for statement in self._granted(grant)),
                *self._signing(),
                *self._connecting(),
                *self._reading_schemas(),
                *self._streaming(),
            ),
            opts=self._child,
        )

    def _signing(self) -> list[Statement]:
        signing = self._args.signing
        if signing is None:
            return []
        return [allow(f"{signing.verb}Models", actions=[f"kms:{signing.verb}"], resources=[signing.key_arn])]

    def _connecting(self) -> list[Statement]:
        arns = self._args.cache_arns
        return [allow("ConnectToCache", actions=["elasticache:Connect"], resources=arns)] if arns else []

    def _reading_schemas(self) -> list[Statement]:
        arns = self._args.schema_arns
        actions = ["glue:GetSchema", "glue:GetSchemaByDefinition", "glue:GetSchemaVersion"]
        return [allow("ReadSchemas", actions=actions, resources=arns)] if arns else []

    def _streaming(self) -> list[Statement]:
        arn = self._args.stream_role_arn
        actions = ["sts:AssumeRole", "sts:TagSession"]
        return [allow("BecomeClientOfStream", actions=actions, resources=[arn])] if arn else []

    def _granted(self, grant: Grant) -> list[Statement]:
        args = self._args
        sid = grant.zone.title()
        return [
            allow(
                f"List{sid}",
                actions=["s3:ListBucket"],
                resources=[args.account.bucket_arn(grant.bucket)],
                conditions={"StringLike": {"s3:prefix": [f"{args.tenant}/*"]}},
            ),
            allow(
                f"{'Change' if grant.write else 'Read'}{sid}",
                actions=grant.actions,
                resources=[args.account.bucket_arn(grant.bucket, f"{args.tenant}/*")],
            ),
            allow(
                f"UseKeyOf{sid}",
                actions=["kms:Decrypt", "kms:GenerateDataKey"] if grant.write else ["kms:Decrypt"],
                resources=[grant.key_arn],
                conditions={
                    "StringEquals": {"kms:ViaService": f"s3.{args.account.region}.amazonaws.com"},
                },
            ),
        ]
