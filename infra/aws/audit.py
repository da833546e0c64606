"""What records and watches: the trail in a locked bucket, settings in another one, the detectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi import Input, Output
from pulumi_aws.cloudtrail.trail import Trail
from pulumi_aws.s3.account_public_access_block import AccountPublicAccessBlock
from pulumi_aws.s3.bucket_policy import BucketPolicy

from infra.aws.access_logs import log_access
from infra.aws.account import Account
from infra.aws.audit_bucket import TRAIL_PREFIX, create_audit_bucket
from infra.aws.detectors import detect
from infra.aws.lake import bucket_name
from infra.aws.settings_bucket import SETTINGS, create_settings_bucket
from infra.aws.settings_record import record_settings
from infra.conventions import ComponentType, physical_name, registered

if TYPE_CHECKING:
    from pulumi_aws.cloudtrail import TrailAdvancedEventSelectorFieldSelectorArgsDict as Selector


@dataclass(frozen=True, kw_only=True)
class AuditArgs:
    """What is recorded and watched.

    Args:
        environment: part of every name.
        account: where it is created.
        key_arn: KMS key of the records.
        access_log_bucket: takes the log of every access to the records.
        log_delivery: the policy that lets S3 write it there.
        watched_buckets: names of the buckets whose every read and write of an object is recorded.
        lock_mode: `GOVERNANCE` or `COMPLIANCE`.
        lock_days: days during which a record of the trail can be neither changed nor deleted.
        keep_days: days after which a record is deleted.
        account_services: whether to set up what exists once per account and region.
        recording: `CONTINUOUS` or `DAILY` record of settings.
        threat_features: sources of GuardDuty beyond those it always reads, each with whether it is read.
        standards: ends of the ARNs of Security Hub's standards.
        protect: refuse to delete the buckets and the trail.
    """

    environment: str
    account: Account
    key_arn: Input[str]
    access_log_bucket: Input[str]
    log_delivery: pulumi.Resource
    watched_buckets: Sequence[str]
    lock_mode: str
    lock_days: int
    keep_days: int
    account_services: bool
    recording: str
    threat_features: Mapping[str, bool]
    standards: Sequence[str]
    protect: bool


@dataclass(frozen=True, kw_only=True)
class AuditOutputs:
    """Where the trail's records are."""

    bucket: Output[str]
    trail_arn: Output[str]


class Audit(pulumi.ComponentResource):
    """Calls, settings and threats of the account, recorded where nobody can remove them."""

    def __init__(self, name: str, args: AuditArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.AUDIT, name, None, opts)
        self._args = args
        self._name = physical_name(args.environment, "audit")
        self._child = pulumi.ResourceOptions(parent=self)
        self._bucket_name = bucket_name(args.environment, "audit", args.account)
        bucket, policy = create_audit_bucket(
            self._name,
            account=args.account,
            bucket_name=self._bucket_name,
            key_arn=args.key_arn,
            trail_arn=args.account.trail_arn(trail_name(args.environment)),
            lock_mode=args.lock_mode,
            lock_days=args.lock_days,
            keep_days=args.keep_days,
            protect=args.protect,
            opts=self._child,
        )
        log_access(
            self._name,
            bucket,
            args.access_log_bucket,
            args.log_delivery,
            prefix="audit/",
            opts=self._child,
        )
        trail = self._create_trail(bucket.bucket, policy)
        if args.account_services:
            self._watch_account()
        self.outputs = AuditOutputs(bucket=bucket.bucket, trail_arn=trail.arn)
        self.register_outputs(registered(self.outputs))

    def _create_trail(self, bucket: Output[str], policy: BucketPolicy) -> Trail:
        """All regions; files are signed by digests, so that a changed or missing one shows."""
        args = self._args
        return Trail(
            self._name,
            name=trail_name(args.environment),
            s3_bucket_name=bucket,
            s3_key_prefix=TRAIL_PREFIX,
            kms_key_id=args.key_arn,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            advanced_event_selectors=[
                {
                    "name": "Management",
                    "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}],
                },
                {
                    "name": "Objects of watched buckets",
                    "field_selectors": self._objects(args.watched_buckets),
                },
                # Its writes are the trail's own: to record them would never end.
                {
                    "name": "Reading of records",
                    "field_selectors": [
                        *self._objects([self._bucket_name]),
                        {"field": "readOnly", "equals": ["true"]},
                    ],
                },
            ],
            # CloudTrail refuses a bucket that does not yet let it write.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy], protect=args.protect),
        )

    def _objects(self, buckets: Sequence[str]) -> list[Selector]:
        """Selects the data events of all objects of some buckets."""
        arns = [self._args.account.bucket_arn(bucket) for bucket in buckets]
        return [
            {"field": "eventCategory", "equals": ["Data"]},
            {"field": "resources.type", "equals": ["AWS::S3::Object"]},
            {"field": "resources.ARN", "starts_withs": [f"{arn}/" for arn in arns]},
        ]

    def _watch_account(self) -> None:
        """What exists once per account: also no public bucket, not even one that was made by hand."""
        args = self._args
        AccountPublicAccessBlock(
            self._name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )
        self._record_settings()
        detect(
            physical_name(args.environment, "detectors"),
            account=args.account,
            threat_features=args.threat_features,
            standards=args.standards,
            opts=self._child,
        )

    def _record_settings(self) -> None:
        args = self._args
        name = physical_name(args.environment, SETTINGS)
        delivered_to = bucket_name(args.environment, SETTINGS, args.account)
        bucket, policy = create_settings_bucket(
            name,
            account=args.account,
            bucket_name=delivered_to,
            key_arn=args.key_arn,
            keep_days=args.keep_days,
            protect=args.protect,
            opts=self._child,
        )
        log_access(
            name,
            bucket,
            args.access_log_bucket,
            args.log_delivery,
            prefix=f"{SETTINGS}/",
            opts=self._child,
        )
        record_settings(
            name,
            account=args.account,
            bucket_name=delivered_to,
            key_arn=args.key_arn,
            recording=args.recording,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[bucket, policy]),
        )


def trail_name(environment: str) -> str:
    """Name of the trail; the policies of its key and its bucket name it before it exists."""
    return physical_name(environment, "audit")
