"""AI-04: what was erased is gone from training data and from what was trained on it."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View
from policies.rules.ai._buckets import (
    BUCKET,
    LIFECYCLE,
    configuring,
    data_class,
    is_personal,
    whole_bucket_rules,
)

DERIVED = "checkpoints"
"""Nobody erases one subject from a checkpoint: it has to go as a whole."""


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """Deleted versions, and checkpoints altogether, end within the days that the settings allow."""
    if not is_personal(bucket, context):
        return
    days = context.settings.erasure_days
    rules = [rule for each in configuring(bucket, context, LIFECYCLE) for rule in whole_bucket_rules(each)]
    if not any(_forgets(rule, days) for rule in rules):
        message = f"deleted versions can be read for more than {days} days"
        yield Finding(path="", message=message, key="versions")
    if data_class(bucket) == DERIVED and not any(
        0 < rule.number("expiration.days") <= days for rule in rules
    ):
        yield Finding(path="", message=f"objects stay for more than {days} days", key="objects")


def _forgets(rule: View, days: int) -> bool:
    expiry = rule.object("noncurrentVersionExpiration")
    return 0 < expiry.number("noncurrentDays") <= days and not expiry.number("newerNoncurrentVersions")


RULE = Rule(
    id="AI-04",
    title="Erased personal data cannot be read from old versions or checkpoints once its days are over.",
    severity=Severity.HIGH,
    why="A training run that reads old versions or goes on from an old checkpoint undoes an erasure.",
    remediation="Set lake.noncurrent_days and lake.checkpoint_days to at most erasure_days.",
    frameworks={
        Framework.GDPR: ("5(1)(e)", "17"),
        Framework.SOC2: ("C1.2",),
        Framework.PCI_DSS: ("3.2.1",),
        Framework.NIST: ("MP-6", "SI-12"),
    },
    enforcement=FROM_STAGING,
    types=(BUCKET,),
    check=check,
    needs_stack=True,
)
