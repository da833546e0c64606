"""KMS-01: keys are rotated each year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity

MAX_DAYS = 365
SYMMETRIC = "SYMMETRIC_DEFAULT"


def check(key: Resource, context: Context) -> Iterator[Finding]:
    """Rotation is on, at least once a year. Only symmetric keys can be rotated by KMS."""
    del context
    if key.view.text("customerMasterKeySpec", SYMMETRIC) != SYMMETRIC:
        return
    if not key.view.flag("enableKeyRotation"):
        yield Finding(path="enableKeyRotation", message="rotation is off", key="off")
    if key.view.number("rotationPeriodInDays", MAX_DAYS) > MAX_DAYS:
        yield Finding(path="rotationPeriodInDays", message=f"more than {MAX_DAYS} days", key="period")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Turning rotation on changes no ciphertext."""
    del context
    return {**properties, "enableKeyRotation": True, "rotationPeriodInDays": MAX_DAYS}


RULE = Rule(
    id="KMS-01",
    title="Keys are rotated at least once a year.",
    severity=Severity.MEDIUM,
    why="The longer one key is in use, the more a leak of it opens.",
    remediation="Set enable_key_rotation=True and rotation_period_in_days to 365 or less.",
    frameworks={
        Framework.CIS_AWS: ("3.6",),
        Framework.HIPAA: ("164.312(a)(2)(iv)",),
        Framework.GDPR: ("25",),
        Framework.PCI_DSS: ("3.7.4",),
        Framework.NIST: ("SC-12",),
    },
    equivalents=("CKV_AWS_7", "FSBP KMS.4", "prowler:kms_cmk_rotation_enabled"),
    enforcement=ALWAYS,
    types=("aws:kms/key:Key",),
    check=check,
    rewrite=rewrite,
)
