"""IAM-13: a federated login is from a named provider, and was meant for us."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import ROLE
from policies.rules.iam._trust import claim, principals_of, trusts


def check(role: Resource, context: Context) -> Iterator[Finding]:
    """No pattern for a provider; `aud` of the token or assertion is held to exact values."""
    del context
    for statement in trusts(role):
        providers = principals_of(statement, "Federated")
        if any(set(provider) & set("*?") for provider in providers):
            yield Finding(path=statement.path, message="any provider is trusted", key=statement.sid)
        if providers and not claim(statement, "aud"):
            message = "no condition holds aud to exact values"
            yield Finding(path=statement.path, message=message, key=statement.sid)


RULE = Rule(
    id="IAM-13",
    title="A federated login comes from a named provider and was made for us.",
    severity=Severity.HIGH,
    why="A token that was made for somebody else's service would open the role as well.",
    remediation="Name the provider's ARN and pin aud: ISSUER:aud of a token, SAML:aud of an assertion.",
    frameworks={
        Framework.HIPAA: ("164.312(d)",),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: ("7.2.5", "8.3.2"),
        Framework.NIST: ("IA-2", "IA-8"),
    },
    enforcement=ALWAYS,
    types=(ROLE,),
    check=check,
)
