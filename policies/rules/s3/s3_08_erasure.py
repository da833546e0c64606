"""S3-08: deleted personal data is really gone, and soon."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.s3._buckets import BUCKET, LOCK, data_class, settings_of
from policies.rules.s3._lifecycle import whole_bucket_rules

NONCURRENT = "noncurrentVersionExpiration.noncurrentDays"
MARKERS = "expiration.expiredObjectDeleteMarker"
RETENTION = "rule.defaultRetention"


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """Of classes with personal data: versions expire in time with their markers, and nothing is locked."""
    if data_class(bucket) not in context.settings.personal_classes:
        return
    limit = context.settings.erasure_days
    rules = whole_bucket_rules(bucket, context)
    days = [rule.number(NONCURRENT) for rule in rules]
    markers = [rule.flag(MARKERS) for rule in rules]
    if not any(0 < each <= limit for each in days):
        message = f"what was deleted can be brought back for more than {limit} days"
        yield Finding(path=f"rules.*.{NONCURRENT}", message=message, key="noncurrent")
    if not any(markers):
        yield Finding(path=f"rules.*.{MARKERS}", message="marks of deletions stay", key="markers")
    for lock in settings_of(bucket, context, LOCK):
        retention = lock.view.object(RETENTION)
        if retention.text("mode") or retention.number("days") or retention.number("years"):
            yield Finding(path=RETENTION, message=f"{lock.name} forbids erasure by a lock", key="lock")


RULE = Rule(
    id="S3-08",
    title="Deleted personal data is gone within the time that the law leaves.",
    severity=Severity.HIGH,
    why="A deletion in a versioned bucket hides the object; until the version expires, nothing was erased.",
    remediation=(
        "Set lake.noncurrent_days to erasure_days of policies/settings.yaml or less, and lock no such bucket."
    ),
    frameworks={
        Framework.GDPR: ("17", "25", "5(1)(e)"),
        Framework.SOC2: ("C1.2",),
        Framework.PCI_DSS: ("3.2.1",),
        Framework.NIST: ("SI-12", "MP-6"),
    },
    enforcement=FROM_STAGING,
    types=(BUCKET,),
    check=check,
    needs_stack=True,
)
