"""S3-03: every bucket encrypts with a KMS key of ours."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.core.values import View
from policies.rules.s3._buckets import BUCKET, ENCRYPTION, settings_of, takes_access_logs

KMS = ("aws:kms", "aws:kms:dsse")
KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey")


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """Its default is a key of KMS, with a bucket key. S3 delivers access logs to no bucket like that."""
    settings = settings_of(bucket, context, ENCRYPTION)
    if not settings:
        yield Finding(path="", message=f"no encryption is set for {bucket.name}", key="none")
    access_logs = takes_access_logs(bucket, context)
    for each in settings:
        rules = each.view.objects("rules")
        if not rules:
            yield Finding(path="rules", message=f"{each.name} has no rule", key="none")
        # The ARN itself is known only after the key was made: that it comes from a key is enough.
        keyed = bool(context.stack.referred(each, "rules", *KEYS))
        for rule in rules:
            yield from _judge(rule, keyed=keyed, access_logs=access_logs)


def _judge(rule: View, *, keyed: bool, access_logs: bool) -> Iterator[Finding]:
    default = rule.object("applyServerSideEncryptionByDefault")
    algorithm = default.text("sseAlgorithm")
    if access_logs:
        if algorithm not in {"AES256", *KMS}:
            yield Finding(path=default.where("sseAlgorithm"), message="no encryption", key="algorithm")
        return
    if algorithm not in KMS:
        yield Finding(path=default.where("sseAlgorithm"), message="not a key of KMS", key="algorithm")
    if not keyed and not default.text("kmsMasterKeyId"):
        message = "the key of AWS, whose policy nobody can write"
        yield Finding(path=default.where("kmsMasterKeyId"), message=message, key="key")
    if not rule.flag("bucketKeyEnabled"):
        message = "a call of KMS for each object"
        yield Finding(path=rule.where("bucketKeyEnabled"), message=message, key="bucket key")


RULE = Rule(
    id="S3-03",
    title="Every bucket encrypts with a KMS key of ours, by a bucket key.",
    severity=Severity.HIGH,
    why="Only a key with a policy of ours can be refused to a reader whom S3 would let in.",
    remediation=(
        "Set a BucketServerSideEncryptionConfiguration with aws:kms, the class's key and bucketKeyEnabled."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(a)(2)(iv)", "164.312(e)(2)(ii)"),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("PI1.4",),
        Framework.PCI_DSS: ("3.5.1",),
        Framework.NIST: ("SC-28",),
    },
    equivalents=("CKV_AWS_145", "FSBP S3.17", "prowler:s3_bucket_kms_encryption"),
    enforcement=ALWAYS,
    types=(BUCKET,),
    check=check,
    needs_stack=True,
)
