"""The data lake: one bucket per zone, and one that holds their access logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi import Input, Output
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_policy import BucketPolicy

from infra.aws import bucket_policies
from infra.aws.access_logs import create_log_bucket, log_access
from infra.aws.account import Account
from infra.aws.documents import Statement, document
from infra.aws.lifecycle import expire_after, expire_noncurrent, move_to_tiers
from infra.aws.private_bucket import create_private_bucket, encrypt_with
from infra.aws.settings_bucket import SETTINGS
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
        key_arn = self._args.models_key_arn if holds_models(zone) else self._args.lake_key_arn
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
        log_access(
            name, bucket, self._log_bucket.bucket, self._log_policy, prefix=f"{zone}/", opts=self._child
        )
        return bucket.bucket

    def _create_log_bucket(self) -> tuple[Bucket, BucketPolicy]:
        args = self._args
        return create_log_bucket(
            physical_name(args.environment, _LOG_ZONE),
            bucket_name=self._bucket_name(_LOG_ZONE),
            account=args.account,
            sources=[
                args.account.bucket_arn(self._bucket_name(zone)) for zone in (*_BUCKETS, "audit", SETTINGS)
            ],
            keep_days=args.access_log_days,
            noncurrent_days=args.noncurrent_days,
            protect=args.protect,
            opts=self._child,
        )

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


def holds_models(zone: str) -> bool:
    """Whether a zone holds what training writes: that has a key of its own."""
    return CLASS_OF_ZONE[zone] in (DataClass.MODELS, DataClass.CHECKPOINTS)


def bucket_name(environment: str, zone: str, account: Account) -> str:
    """Name of the bucket of one zone of the lake."""
    return physical_name(environment, zone, account.id)
