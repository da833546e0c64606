"""S3-09: audit records are locked."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity
from policies.rules.s3._buckets import BUCKET, LOCK, data_class, settings_of

AUDIT = "audit"
DAYS_OF_YEAR = 365
MODES = ("GOVERNANCE", "COMPLIANCE")
RETENTION = "rule.defaultRetention"


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """Buckets of class `audit` can lock, and lock every new object for long enough."""
    if data_class(bucket) != AUDIT:
        return
    if not bucket.view.flag("objectLockEnabled"):
        yield Finding(path="objectLockEnabled", message="object lock is off", key="off")
    locks = settings_of(bucket, context, LOCK)
    if not locks:
        message = f"no BucketObjectLockConfiguration names {bucket.name}"
        yield Finding(path="", message=message, key="none")
    for lock in locks:
        retention = lock.view.object(RETENTION)
        days = max(retention.number("days"), retention.number("years") * DAYS_OF_YEAR)
        if retention.text("mode") not in MODES:
            yield Finding(path=f"{RETENTION}.mode", message=f"not one of {', '.join(MODES)}", key="mode")
        if days < context.settings.lock_days:
            message = f"{lock.name} locks for less than {context.settings.lock_days} days"
            yield Finding(path=f"{RETENTION}.days", message=message, key="days")


RULE = Rule(
    id="S3-09",
    title="Audit records can be neither changed nor deleted while they may be needed.",
    severity=Severity.HIGH,
    why="Whoever breaks in removes the traces first.",
    remediation=(
        "Set audit.lock_days to lock_days of policies/settings.yaml or more. Object lock needs a new bucket."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(c)(1)", "164.312(b)"),
        Framework.SOC2: ("PI1.5",),
        Framework.PCI_DSS: ("10.3.2", "10.3.4", "10.5.1"),
        Framework.NIST: ("AU-9", "AU-11"),
    },
    equivalents=("CKV_AWS_143", "FSBP S3.15", "prowler:s3_bucket_object_lock"),
    enforcement=IN_PROD,
    types=(BUCKET,),
    check=check,
    needs_stack=True,
)
