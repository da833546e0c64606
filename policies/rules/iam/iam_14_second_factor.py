"""IAM-14: people take a role only after a second factor."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.documents import Statement
from policies.core.principals import pinned
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import ROLE
from policies.rules.iam._trust import principals_of, trusts

FACTOR = "aws:MultiFactorAuthPresent"
PERSONA_TAG = "tags.Persona"


def check(role: Resource, context: Context) -> Iterator[Finding]:
    """Where accounts or users are trusted, and in every persona's role, the factor must be present."""
    del context
    persona = bool(role.view.text(PERSONA_TAG))
    for statement in trusts(role):
        principals = principals_of(statement, "AWS")
        people = principals and (persona or any(_may_be_a_person(each) for each in principals))
        software = pinned(statement, "sts:ExternalId") and not persona
        if people and not software and not _demands_factor(statement):
            message = f"no condition demands {FACTOR}; an operator that ends in IfExists does not"
            yield Finding(path=statement.path, message=message, key=statement.sid)


def _may_be_a_person(principal: str) -> bool:
    """An account or a user; a role was taken before, by whoever its own trust policy demands."""
    return ":role/" not in principal and ":assumed-role/" not in principal


def _demands_factor(statement: Statement) -> bool:
    values = statement.conditions.get(("Bool", FACTOR.lower()), ())
    return values == ("true",)


RULE = Rule(
    id="IAM-14",
    title="People take a role only after a second factor.",
    severity=Severity.HIGH,
    why="A password that was fished would otherwise be enough.",
    remediation="Use people_trust of infra/aws/persona_trust.py.",
    frameworks={
        Framework.HIPAA: ("164.312(d)",),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: ("8.4.1", "8.4.2"),
        Framework.NIST: ("IA-2",),
    },
    enforcement=ALWAYS,
    types=(ROLE,),
    check=check,
)
