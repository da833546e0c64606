"""KMS-02: every key has a policy that we wrote, and it lets in nobody unknown."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.principals import strangers
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kms._keys import KEYS, policies_of


def check(key: Resource, context: Context) -> Iterator[Finding]:
    """A policy is set; everybody is let in only from fixed accounts or principals; no account is foreign."""
    policies = policies_of(key, context)
    if not policies:
        message = "no policy: KMS would let the whole account use and administer the key"
        yield Finding(path="policy", message=message, key="none")
    for _, statements in policies:
        yield from strangers(statements, context)


RULE = Rule(
    id="KMS-02",
    title="Every key has a policy of ours that lets nobody unknown in.",
    severity=Severity.CRITICAL,
    why="The key's policy decides alone who can read everything that the key encrypts.",
    remediation=(
        "Write the policy by infra/aws/key_policies.py; pin open principals by kms:CallerAccount or "
        "aws:PrincipalArn."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(a)(1)", "164.312(a)(2)(iv)"),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: ("3.6.1", "7.2.1"),
        Framework.NIST: ("AC-3", "SC-12"),
    },
    equivalents=("CKV_AWS_33", "CKV2_AWS_64", "FSBP KMS.5", "prowler:kms_key_not_publicly_accessible"),
    enforcement=ALWAYS,
    types=KEYS,
    check=check,
    needs_stack=True,
)
