"""LOG-03: log groups are encrypted with a key of ours, and kept as long as needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity


def check(group: Resource, context: Context) -> Iterator[Finding]:
    """A key, and a retention; 0 is for ever. An environment of another name keeps logs as prod does."""
    limits = context.settings.log_retention_days
    least = limits.get(context.environment, max(limits.values(), default=1))
    if not group.view.named("kmsKeyId"):
        yield Finding(path="kmsKeyId", message="no key of the account's own is named", key="key")
    days = group.view.number("retentionInDays")
    if days == 0:
        yield Finding(path="retentionInDays", message="logs are kept for ever", key="for ever")
    elif days < least:
        yield Finding(path="retentionInDays", message=f"less than {least} days", key="short")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The least that is enough; the key is a decision."""
    limits = context.settings.log_retention_days
    least = limits.get(context.environment, max(limits.values(), default=1))
    days = properties.get("retentionInDays")
    enough = isinstance(days, int | float) and days >= least
    return {**properties, "retentionInDays": days if enough else least}


RULE = Rule(
    id="LOG-03",
    title=("Log groups are encrypted with a key of the account's own, kept long enough, and not for ever."),
    severity=Severity.MEDIUM,
    why=(
        "Breaches are found months later, when short logs are gone; logs that stay for ever hold "
        "data that must not."
    ),
    remediation=(
        "Set kms_key_id, and retention_in_days to log_retention_days of policies/settings.yaml or more."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(b)",),
        Framework.GDPR: (
            "32",
            "5(1)(e)",
        ),
        Framework.SOC2: ("CC7.3",),
        Framework.PCI_DSS: ("10.5.1",),
        Framework.NIST: (
            "AU-9",
            "AU-11",
        ),
    },
    equivalents=(
        "CKV_AWS_158",
        "CKV_AWS_338",
        "CKV_AWS_66",
        "FSBP CloudWatch.16",
        "prowler:cloudwatch_log_group_kms_encryption_enabled",
        "prowler:cloudwatch_log_group_retention_policy_specific_days_enabled",
    ),
    enforcement=FROM_STAGING,
    types=("aws:cloudwatch/logGroup:LogGroup",),
    check=check,
    rewrite=rewrite,
)
