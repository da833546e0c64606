"""LOG-01: a trail writes down what is done in every region, and cannot be changed unseen."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import STACK, Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

TRAIL = "aws:cloudtrail/trail:Trail"
FLAGS = {
    "isMultiRegionTrail": (False, "other regions are not recorded"),
    "enableLogFileValidation": (False, "changed records would not be noticed"),
    "enableLogging": (True, "the trail is off"),
    "includeGlobalServiceEvents": (True, "IAM and STS are not recorded"),
}
"""What must be true, what it is where nothing is said, and what is wrong otherwise."""


def check(subject: Resource, context: Context) -> Iterator[Finding]:
    """The stack has a trail; each trail of it is complete."""
    if subject.type == STACK:
        if not context.stack.of(TRAIL):
            yield Finding(path="", message="the stack has no trail", key="none")
        return
    for path, (default, message) in FLAGS.items():
        if not subject.view.flag(path, default=default):
            yield Finding(path=path, message=message, key=path)
    if not subject.view.named("kmsKeyId"):
        yield Finding(path="kmsKeyId", message="no key of the account's own is named", key="key")


RULE = Rule(
    id="LOG-01",
    title=(
        "A trail records all regions, encrypted with a key of the account's own, with digests of its files."
    ),
    severity=Severity.HIGH,
    why="What no trail has written down did not happen, as far as an investigation can tell.",
    remediation="Make the trail by infra/aws/audit.py.",
    frameworks={
        Framework.CIS_AWS: (
            "3.1",
            "3.2",
            "3.5",
        ),
        Framework.HIPAA: (
            "164.312(b)",
            "164.312(c)(1)",
        ),
        Framework.GDPR: (
            "30",
            "32",
        ),
        Framework.SOC2: ("CC7.2",),
        Framework.PCI_DSS: (
            "10.2.1",
            "10.3.2",
        ),
        Framework.NIST: (
            "AU-2",
            "AU-9",
            "AU-12",
        ),
    },
    equivalents=(
        "CKV_AWS_67",
        "CKV_AWS_36",
        "CKV_AWS_35",
        "FSBP CloudTrail.1",
        "FSBP CloudTrail.2",
        "FSBP CloudTrail.4",
        "prowler:cloudtrail_multi_region_enabled",
        "prowler:cloudtrail_log_file_validation_enabled",
        "prowler:cloudtrail_kms_encryption_enabled",
    ),
    enforcement=FROM_STAGING,
    types=(
        STACK,
        "aws:cloudtrail/trail:Trail",
    ),
    check=check,
    needs_stack=True,
)
