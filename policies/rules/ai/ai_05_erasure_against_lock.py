"""AI-05: no lock forbids an erasure that the law demands."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.ai._buckets import BUCKET, LOCK, configuring, is_personal

MODE = "rule.defaultRetention.mode"


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """A bucket of personal data has no retention in the mode that not even the account's root can end."""
    if not is_personal(bucket, context):
        return
    for lock in configuring(bucket, context, LOCK):
        if lock.text(MODE) == "COMPLIANCE":
            message = "personal data under a lock that nobody can lift: article 17 cannot be kept"
            yield Finding(path=MODE, message=message, key="lock")


RULE = Rule(
    id="AI-05",
    title="No bucket of personal data has a retention in COMPLIANCE mode.",
    severity=Severity.CRITICAL,
    why="Two duties meet: to keep records unchanged, and to erase a person's data; a lock decides for good.",
    remediation="Keep personal data out of locked buckets; lock records about it, or use GOVERNANCE mode.",
    frameworks={Framework.GDPR: ("17", "25"), Framework.SOC2: ("C1.2",), Framework.NIST: ("SI-12",)},
    enforcement=ALWAYS,
    types=(BUCKET,),
    check=check,
    needs_stack=True,
)
