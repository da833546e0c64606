"""IAM-14: people take a role only after a second factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.core.documents import Statement
from policies.core.principals import pinned
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import ROLE
from policies.rules.iam._trust import principals_of, trusts

FACTOR = "aws:MultiFactorAuthPresent"
PERSONA_TAG = "tags.Persona"
CALLER = "aws:PrincipalArn"
_NAMING = ("ArnLike", "ArnEquals", "StringLike", "StringEquals")


def check(role: Resource, context: Context) -> Iterator[Finding]:
    """Where accounts or users are trusted, and in every persona's role, the factor must be present.

    A session of a role shows none; it will do that only a login gives that role, and asks for the factor.
    """
    logins = context.settings.login_roles
    persona = bool(role.view.text(PERSONA_TAG))
    for statement in trusts(role):
        principals = principals_of(statement, "AWS")
        people = principals and (persona or any(_may_be_a_person(each) for each in principals))
        software = pinned(statement, "sts:ExternalId") and not persona
        if people and not software and not (_demands_factor(statement) or _demands_login(statement, logins)):
            message = f"no condition demands {FACTOR}; an operator that ends in IfExists does not"
            yield Finding(path=statement.path, message=message, key=statement.sid)


def _may_be_a_person(principal: str) -> bool:
    """An account or a user; a role was taken before, by whoever its own trust policy demands."""
    return ":role/" not in principal and ":assumed-role/" not in principal


def _demands_factor(statement: Statement) -> bool:
    values = statement.conditions.get(("Bool", FACTOR.lower()), ())
    return values == ("true",)


def _demands_login(statement: Statement, logins: Sequence[str]) -> bool:
    """Whether the caller must be a role below one of these paths."""
    roles = [
        value.partition(":role/")[2]
        for operator in _NAMING
        for value in statement.conditions.get((operator, CALLER.lower()), ())
    ]
    return bool(roles) and all(role.startswith(tuple(logins)) for role in roles)


RULE = Rule(
    id="IAM-14",
    title="People take a role only after a second factor.",
    severity=Severity.HIGH,
    why="A password that was fished would otherwise be enough.",
    remediation="Use people_trust of infra/aws/persona_trust.py; policies/settings.yaml: login_roles.",
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
