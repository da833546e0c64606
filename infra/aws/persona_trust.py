"""Trust policies of personas: short sessions that were asked for, that are recorded, and that end."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi import Input

from infra.aws.account import Account
from infra.aws.documents import Statement, allow

LONGEST_SESSION_S = 3600
"""The least that IAM accepts as the longest session of a role."""
TICKET_TAG = "Ticket"
"""Session tag that names the request by which somebody got the role."""
TENANT_TAG = "Tenant"
"""Tag of a login session that names the tenant somebody works for; the login sets it, not the person."""


def people_trust(
    account: Account, *, people_account: str | None, mfa_max_age_s: int, tenant: str | None = None
) -> Statement:
    """Lets people in after a second factor, with their name and a ticket, which stay in the audit trail.

    The account as principal delegates to the policies of its login roles: these say who may take which
    persona. Of a missing key no condition here holds: neither factor, name nor ticket can be left out.

    Args:
        account: where the role is.
        people_account: where people log in, if it is another.
        mfa_max_age_s: seconds since the second factor.
        tenant: whom a login must belong to; None for roles of the whole environment.
    """
    equal = {"StringEquals": {f"aws:PrincipalTag/{TENANT_TAG}": tenant}} if tenant else {}
    return allow(
        "AssumedByPeople",
        principals={"AWS": account.root_arn(people_account)},
        actions=["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
        conditions={
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "NumericLessThanEquals": {"aws:MultiFactorAuthAge": str(mfa_max_age_s)},
            "StringLike": {f"aws:RequestTag/{TICKET_TAG}": "?*", "sts:SourceIdentity": "?*"},
            **equal,
        },
    )


def pipeline_trust(
    provider_arn: Input[str], *, issuer: str, audience: str, subjects: Sequence[str]
) -> Statement:
    """Lets jobs of the named subjects in by their token; it must have been made for this audience."""
    claims = issuer.removeprefix("https://")
    return allow(
        "AssumedByPipelines",
        principals={"Federated": provider_arn},
        actions=["sts:AssumeRoleWithWebIdentity"],
        conditions={"StringEquals": {f"{claims}:aud": audience, f"{claims}:sub": list(subjects)}},
    )
