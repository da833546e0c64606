"""Trust policies of personas: short sessions that were asked for, that are recorded, and that end."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi import Input

from infra.aws.account import Account
from infra.aws.documents import Conditions, Statement, allow

LONGEST_SESSION_S = 3600
"""The least that IAM accepts as the longest session of a role."""
TICKET_TAG = "Ticket"
"""Session tag that names the request by which somebody got the role."""
TENANT_TAG = "Tenant"
"""Tag of a login session that names the tenant somebody works for; the login sets it, not the person."""


def people_trust(
    account: Account,
    *,
    people_account: str | None,
    login_roles: Sequence[str],
    mfa_max_age_s: int,
    tenant: str | None = None,
) -> list[Statement]:
    """Lets people in after a second factor, with their name and a ticket, which stay in the audit trail.

    The factor is shown in one of two ways. A session of an IAM user says when there was one. A session of a
    role never does, whatever is sent along; so those of login roles are let in by the role's name, and the
    identity provider asks for the factor before it gives such a role:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html

    The account as principal delegates to the policies of whom it lets log in: these say who may take which
    persona. Of a missing key no condition here holds: neither factor, name nor ticket can be left out.

    Args:
        account: where the role is.
        people_account: where people log in, if it is another.
        login_roles: names of its login roles, with their paths; `*` stands for the rest of a name.
        mfa_max_age_s: seconds since the second factor of a user's session.
        tenant: whom a login must belong to; None for roles of the whole environment.
    """
    factor: Conditions = {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThanEquals": {"aws:MultiFactorAuthAge": str(mfa_max_age_s)},
    }
    login: Conditions = {
        "ArnLike": {"aws:PrincipalArn": [account.role_arn(name, people_account) for name in login_roles]}
    }
    ways = [("AssumedByPeople", factor), *([("AssumedAfterLogin", login)] if login_roles else [])]
    equal: Conditions = {"StringEquals": {f"aws:PrincipalTag/{TENANT_TAG}": tenant}} if tenant else {}
    named = {f"aws:RequestTag/{TICKET_TAG}": "?*", "sts:SourceIdentity": "?*"}
    return [
        allow(
            sid,
            principals={"AWS": account.root_arn(people_account)},
            actions=["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
            conditions={**shown, "StringLike": named, **equal},
        )
        for sid, shown in ways
    ]


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
