"""Replicas of zones of the lake: buckets in a second region, with a key of that region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Output
from pulumi_aws.kms.alias import Alias
from pulumi_aws.kms.key import Key
from pulumi_aws.s3.bucket_policy import BucketPolicy

from infra.aws import bucket_policies, key_policies
from infra.aws.account import Account
from infra.aws.documents import document
from infra.aws.keys import create_key
from infra.aws.lake import CLASS_OF_ZONE, bucket_name
from infra.aws.lifecycle import expire_after, expire_noncurrent
from infra.aws.private_bucket import create_private_bucket, encrypt_with
from infra.conventions import PROJECT, ComponentType, physical_name, registered


@dataclass(frozen=True, kw_only=True)
class ReplicasArgs:
    """What the replicas are made from.

    Args:
        environment: part of every name.
        account: where they are created; its region is the second one, and so is the provider's.
        administrators: names of the IAM roles that may manage the key, but not decrypt with it.
        zones: zones of the lake that have a replica.
        noncurrent_days: days after which replaced and deleted objects are gone for good.
        expiry_days: days after which the objects of a zone are deleted; zones that are not named keep theirs.
        protect: refuse to delete key and buckets.
    """

    environment: str
    account: Account
    administrators: Sequence[str]
    zones: Sequence[str]
    noncurrent_days: int
    expiry_days: Mapping[str, int]
    protect: bool


@dataclass(frozen=True, kw_only=True)
class ReplicasOutputs:
    """ARN of the key, and the bucket of each replicated zone."""

    key_arn: Output[str]
    buckets: dict[str, Output[str]]


class Replicas(pulumi.ComponentResource):
    """Where data survives the loss of a region. As private as what it is copied from."""

    def __init__(self, name: str, args: ReplicasArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.REPLICAS, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._key = self._create_key()
        self.outputs = ReplicasOutputs(
            key_arn=self._key.arn, buckets={zone: self._create_bucket(zone) for zone in args.zones}
        )
        self.register_outputs(registered(self.outputs))

    def _create_key(self) -> Key:
        """A key of its own: losing one region, or its key, does not cost both copies."""
        args = self._args
        name = physical_name(args.environment, "replicas")
        key = create_key(
            name,
            protects="copies of the lake's data",
            policy=key_policies.key_policy(
                args.account, args.administrators, key_policies.used_through("s3", args.account)
            ),
            data_class="replicas",
            protect=args.protect,
            opts=self._child,
        )
        alias = f"alias/{PROJECT}/{args.environment}/replicas"
        Alias(name, name=alias, target_key_id=key.key_id, opts=self._child)
        return key

    def _create_bucket(self, zone: str) -> Output[str]:
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
        encrypt_with(name, bucket, self._key.arn, opts=self._child)
        bucket_arn = args.account.bucket_arn(in_the_world)
        statements = [
            *bucket_policies.tls_only(bucket_arn),
            *bucket_policies.this_key_only(bucket_arn, self._key.arn),
        ]
        BucketPolicy(name, bucket=bucket.bucket, policy=document(*statements), opts=self._child)
        return bucket.bucket


def replica_of(zone: str) -> str:
    """What the replica of a zone is called, in the place of the zone's name."""
    return f"{zone}-replica"
