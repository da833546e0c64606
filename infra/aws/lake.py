"""The data lake: one bucket per zone, and one that holds their access logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi import Input, Output
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_logging import BucketLogging
from pulumi_aws.s3.bucket_policy import BucketPolicy
from pulumi_aws.s3.bucket_server_side_encryption_configuration import BucketServerSideEncryptionConfiguration

from infra.aws import bucket_policies
from infra.aws.account import Account
from infra.aws.documents import Statement, document
from infra.aws.lifecycle import expire_after, expire_noncurrent, move_to_tiers
from infra.aws.private_bucket import create_private_bucket, encrypt_with
from infra.conventions import LAKE_ZONES, ComponentType, DataClass, physical_name, registered

if TYPE_CHECKING:
    from pulumi_aws.s3 import BucketLifecycleConfigurationRuleArgsDict as Rule


CLASS_OF_ZONE = {
    "raw": DataClass.PERSONAL,
    "curated": DataClass.INTERNAL,
    "features": DataClass.INTERNAL,
    "models": DataClass.MODELS,
    "checkpoints": DataClass.CHECKPOINTS,
    "query-results": DataClass.INTERNAL,
}
"""Raw data is as it came, so it counts as personal; who curates it leaves out what identifies people."""
QUERY_RESULTS = "query-results"
"""What queries answer; no zone, for nobody builds on it."""
_BUCKETS = (*LAKE_ZONES, QUERY_RESULTS)
_LOG_ZONE = "access-logs"


@dataclass(frozen=True, kw_only=True)
class LakeArgs:
    """What the lake is made from.

    Args:
        environment: part of every name.
        account: where it is created; its number is part of every name, because bucket names are global.
        lake_key_arn: KMS key of data.
        models_key_arn: KMS key of models and checkpoints.
        noncurrent_days: days after which replaced and deleted objects are gone for good.
        expiry_days: days after which the objects of a zone are deleted; zones that are not named keep theirs.
        transitions: by zone, days after which its objects move to which storage class.
        access_log_days: days after which access logs are deleted.
        protect: refuse to delete the buckets; without it they are deleted together with what they hold.
    """

    environment: str
    account: Account
    lake_key_arn: Input[str]
    models_key_arn: Input[str]
    noncurrent_days: int
    expiry_days: Mapping[str, int]
    transitions: Mapping[str, Sequence[tuple[int, str]]]
    access_log_days: int
    protect: bool


@dataclass(frozen=True, kw_only=True)
class LakeOutputs:
    """Names of the buckets."""

    raw: Output[str]
    curated: Output[str]
    features: Output[str]
    models: Output[str]
    checkpoints: Output[str]
    query_results: Output[str]
    access_logs: Output[str]


class Lake(pulumi.ComponentResource):
    """Private, encrypted, versioned buckets that speak TLS only."""

    def __init__(self, name: str, args: LakeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.LAKE, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._log_bucket, self._log_policy = self._create_log_bucket()
        zones = {zone: self._create_zone(zone) for zone in LAKE_ZONES}
        self.outputs = LakeOutputs(
            **zones,
            query_results=self._create_zone(QUERY_RESULTS),
            access_logs=self._log_bucket.bucket,
        )
        self.register_outputs(registered(self.outputs))

    @property
    def log_delivery(self) -> pulumi.Resource:
        """The policy without which S3 refuses the bucket of access logs as a target."""
        return self._log_policy

    def _bucket_name(self, zone: str) -> str:
        return bucket_name(self._args.environment, zone, self._args.account)

    def _rules(self, zone: str) -> list[Rule]:
        """How the objects of a zone age."""
        args = self._args
        rules = [expire_noncurrent(args.noncurrent_days), *move_to_tiers(args.transitions.get(zone, ()))]
        if zone in args.expiry_days:
            rules.append(expire_after(args.expiry_days[zone]))
        return rules

    def _create_zone(self, zone: str) -> Output[str]:
        """A bucket for one zone of the lake."""
        name, data_class = physical_name(self._args.environment, zone), CLASS_OF_ZONE[zone]
        of_models = data_class in (DataClass.MODELS, DataClass.CHECKPOINTS)
        key_arn = self._args.models_key_arn if of_models else self._args.lake_key_arn
        bucket = self._create_private_bucket(zone, data_class, self._rules(zone))
        encrypt_with(name, bucket, key_arn, opts=self._child)
        bucket_arn = self._args.account.bucket_arn(self._bucket_name(zone))
        self._set_policy(
            zone,
            bucket,
            [
                *bucket_policies.tls_only(bucket_arn),
                *bucket_policies.this_key_only(bucket_arn, key_arn),
                bucket_policies.through_access_points(bucket_arn, self._args.account),
            ],
        )
        BucketLogging(
            name,
            bucket=bucket.bucket,
            target_bucket=self._log_bucket.bucket,
            target_prefix=f"{zone}/",
            # S3 refuses a target that does not yet let it write.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._log_policy]),
        )
        return bucket.bucket

    def _create_log_bucket(self) -> tuple[Bucket, BucketPolicy]:
        args = self._args
        zone = _LOG_ZONE
        rules = [expire_after(args.access_log_days), expire_noncurrent(args.noncurrent_days)]
        bucket = self._create_private_bucket(zone, DataClass.ACCESS_LOGS, rules)
        BucketServerSideEncryptionConfiguration(
            physical_name(args.environment, zone),
            bucket=bucket.bucket,
            # S3 delivers access logs to no bucket whose default is a KMS key.
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=self._child,
        )
        bucket_arn = args.account.bucket_arn(self._bucket_name(zone))
        sources = [args.account.bucket_arn(self._bucket_name(source)) for source in (*_BUCKETS, "audit")]
        statements = [
            *bucket_policies.tls_only(bucket_arn),
            bucket_policies.log_delivery(bucket_arn, args.account, sources),
        ]
        return bucket, self._set_policy(zone, bucket, statements)

    def _create_private_bucket(self, zone: str, data_class: DataClass, rules: list[Rule]) -> Bucket:
        """A versioned bucket without public access, access lists or unfinished uploads."""
        args = self._args
        return create_private_bucket(
            physical_name(args.environment, zone),
            bucket_name=self._bucket_name(zone),
            data_class=data_class,
            rules=rules,
            protect=args.protect,
            opts=self._child,
        )

    def _set_policy(self, zone: str, bucket: Bucket, statements: list[Statement]) -> BucketPolicy:
        return BucketPolicy(
            physical_name(self._args.environment, zone),
            bucket=bucket.bucket,
            policy=document(*statements),
            opts=self._child,
        )


def bucket_name(environment: str, zone: str, account: Account) -> str:
    """Name of the bucket of one zone of the lake."""
    return physical_name(environment, zone, account.id)
