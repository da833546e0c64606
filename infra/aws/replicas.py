"""Replicas of zones of the lake: buckets in a second region, with keys of that region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Output
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_policy import BucketPolicy

from infra.aws import bucket_policies, key_policies
from infra.aws.access_logs import create_log_bucket, log_access
from infra.aws.account import Account
from infra.aws.documents import document
from infra.aws.keys import create_class_key
from infra.aws.lake import CLASS_OF_ZONE, bucket_name, holds_models
from infra.aws.lifecycle import expire_after, expire_noncurrent
from infra.aws.private_bucket import create_private_bucket, encrypt_with
from infra.conventions import ComponentType, physical_name, registered

_LOGS = "replica-access-logs"
_DATA, _MODELS = "replicas", "model-replicas"
_PROTECTED = {_DATA: "copies of data", _MODELS: "copies of models"}
"""Class of data of each key -> what it protects, for people."""


@dataclass(frozen=True, kw_only=True)
class ReplicasArgs:
    """What the replicas are made from.

    Args:
        environment: part of every name.
        account: where they are created; its region is the second one, and so is the provider's.
        administrators: names of the IAM roles that may manage the keys, but not decrypt with them.
        zones: zones of the lake that have a replica.
        noncurrent_days: days after which replaced and deleted objects are gone for good.
        expiry_days: days after which the objects of a zone are deleted; zones that are not named keep theirs.
        access_log_days: days after which the logs of access to the replicas are deleted.
        protect: refuse to delete keys and buckets.
    """

    environment: str
    account: Account
    administrators: Sequence[str]
    zones: Sequence[str]
    noncurrent_days: int
    expiry_days: Mapping[str, int]
    access_log_days: int
    protect: bool


@dataclass(frozen=True, kw_only=True)
class ReplicasOutputs:
    """For each replicated zone the ARN of its key, and its bucket."""

    key_arns: dict[str, Output[str]]
    buckets: dict[str, Output[str]]


class Replicas(pulumi.ComponentResource):
    """Where data survives the loss of a region. As private as what it is copied from."""

    def __init__(self, name: str, args: ReplicasArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.REPLICAS, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._log_bucket, self._log_policy = self._create_log_bucket()
        key_arns = self._create_keys()
        self.outputs = ReplicasOutputs(
            key_arns=key_arns,
            buckets={zone: self._create_bucket(zone, key_arn) for zone, key_arn in key_arns.items()},
        )
        self.register_outputs(registered(self.outputs))

    def _create_keys(self) -> dict[str, Output[str]]:
        """Keys of their own, by zone: losing one region, or its keys, does not cost both copies.

        Models and data have different ones, as in the lake itself.
        """
        classes = {zone: _MODELS if holds_models(zone) else _DATA for zone in self._args.zones}
        arns = {data_class: self._create_key(data_class) for data_class in dict.fromkeys(classes.values())}
        return {zone: arns[data_class] for zone, data_class in classes.items()}

    def _create_key(self, data_class: str) -> Output[str]:
        args = self._args
        return create_class_key(
            data_class,
            environment=args.environment,
            account=args.account,
            administrators=args.administrators,
            protects=_PROTECTED[data_class],
            use=key_policies.used_through("s3", args.account),
            protect=args.protect,
            opts=self._child,
        )

    def _create_bucket(self, zone: str, key_arn: Output[str]) -> Output[str]:
        args = self._args
        name = physical_name(args.environment, replica_of(zone))
        in_the_world = bucket_name(args.environment, replica_of(zone), args.account)
        rules = [expire_noncurrent(args.noncurrent_days)]
        if zone in args.expiry_days:
            rules.append(expire_after(args.expiry_days[zone]))
        bucket = create_private_bucket(
            name,
            bucket_name=in_the_world,
            data_class=CLASS_OF_ZONE[zone],
            rules=rules,
            protect=args.protect,
            opts=self._child,
        )
        encrypt_with(name, bucket, key_arn, opts=self._child)
        bucket_arn = args.account.bucket_arn(in_the_world)
        statements = [
            *bucket_policies.tls_only(bucket_arn),
            *bucket_policies.this_key_only(bucket_arn, key_arn),
        ]
        BucketPolicy(name, bucket=bucket.bucket, policy=document(*statements), opts=self._child)
        log_access(
            name, bucket, self._log_bucket.bucket, self._log_policy, prefix=f"{zone}/", opts=self._child
        )
        return bucket.bucket

    def _create_log_bucket(self) -> tuple[Bucket, BucketPolicy]:
        """S3 delivers within a region only, so that of the lake does not do."""
        args = self._args

        def arn(zone: str) -> str:
            return args.account.bucket_arn(bucket_name(args.environment, replica_of(zone), args.account))

        return create_log_bucket(
            physical_name(args.environment, _LOGS),
            bucket_name=bucket_name(args.environment, _LOGS, args.account),
            account=args.account,
            sources=[arn(zone) for zone in args.zones],
            keep_days=args.access_log_days,
            noncurrent_days=args.noncurrent_days,
            protect=args.protect,
            opts=self._child,
        )


def replica_of(zone: str) -> str:
    """What the replica of a zone is called, in the place of the zone's name."""
    return f"{zone}-replica"
