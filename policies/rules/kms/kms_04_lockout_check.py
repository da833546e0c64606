"""KMS-04: no key's policy is set past KMS's check that somebody can still change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kms._keys import KEYS, POLICY

BYPASS = "bypassPolicyLockoutSafetyCheck"


def check(key: Resource, context: Context) -> Iterator[Finding]:
    """The bypass is absent or false."""
    del context
    if key.view.flag(BYPASS):
        yield Finding(path=BYPASS, message="the safety check is bypassed", key="bypass")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """KMS then refuses a policy that locks everybody out; others it takes as before."""
    del context
    return {**properties, BYPASS: False}


RULE = Rule(
    id="KMS-04",
    title="No key's policy is set past the check against locking everybody out.",
    severity=Severity.HIGH,
    why="A key that nobody can administer can be neither repaired nor deleted.",
    remediation=f"Remove {BYPASS}.",
    frameworks={
        Framework.SOC2: ("A1.2",),
        Framework.PCI_DSS: ("3.7.1",),
        Framework.NIST: ("SC-12",),
    },
    enforcement=ALWAYS,
    types=(*KEYS, POLICY),
    check=check,
    rewrite=rewrite,
)
