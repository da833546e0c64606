"""Who may take a role: statements of trust policies."""

from __future__ import annotations

from policies.core.documents import Statement
from policies.core.principals import pinned
from policies.core.resources import Resource

PODS = "pods.eks.amazonaws.com"
"""The service that hands roles to pods, EKS Pod Identity."""


def trusts(role: Resource) -> list[Statement]:
    """The statements that let somebody in."""
    return [statement for statement in role.view.statements("assumeRolePolicy") if statement.allow]


def principals_of(statement: Statement, kind: str) -> list[str]:
    """Its principals of one kind: `AWS`, `Service`, `Federated`."""
    return [value for each, value in statement.principals if each == kind]


def claim(statement: Statement, name: str) -> tuple[str, ...]:
    """The values to which a claim of the token is pinned, e.g. `sub`; none where it is open."""
    keys = [key for _, key in statement.conditions if key.endswith(f":{name}")]
    return pinned(statement, *keys)


def is_for_service_accounts(statement: Statement) -> bool:
    """Whether it trusts the tokens of a cluster's service accounts (IRSA)."""
    keys = [key for _, key in statement.conditions]
    subjects = [value for key in keys if key.endswith(":sub") for value in statement.values(key)]
    named = [*principals_of(statement, "Federated"), *keys]
    return any("oidc.eks." in each for each in named) or any(
        subject.startswith("system:serviceaccount:") for subject in subjects
    )


def is_for_tokens(statement: Statement) -> bool:
    """Whether it trusts tokens of somebody else's, such as a pipeline's."""
    federated = bool(principals_of(statement, "Federated"))
    return federated and statement.covers("sts:AssumeRoleWithWebIdentity")
