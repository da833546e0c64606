"""Settings of people's and pipelines' identities."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.settings.base import SettingsModel

AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]
Issuer = Annotated[str, Field(pattern=r"^https://[a-z0-9.-]+(/[A-Za-z0-9_./-]*[A-Za-z0-9_-])?$")]
Subject = Annotated[str, Field(pattern=r"^[A-Za-z0-9_./@#-]+(:[A-Za-z0-9_./@#-]+)+$")]
"""Compared as a whole: a pattern such as `repo:me/*` would let every repository of `me` in."""
LoginRole = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9_+=,.@*-]+/)*[A-Za-z0-9_+=,.@-]{4,}\*?$", max_length=512)
]
"""Ends in a name of which at least four letters are given: `*` would let every role of the account in."""


class AutomationSettings(SettingsModel):
    """The CI system whose jobs take the automation role by a token of their own (OpenID Connect)."""

    issuer: Issuer = "https://token.actions.githubusercontent.com"
    """Address of the token's issuer. An account has one provider for each."""
    audience: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/-]+$", max_length=255)] = "sts.amazonaws.com"
    """The `aud` that a token must have."""
    subjects: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=20)]
    """Each `sub` that is let in, such as `repo:me/platform:environment:dev`. No patterns."""


class IdentitySettings(SettingsModel):
    """Roles that people and pipelines take. There are no users and no access keys."""

    people_account: AccountId | None = None
    """Account that people log in to. Without it, the environment's own."""
    login_roles: Annotated[tuple[LoginRole, ...], Field(max_length=10)] = ()
    """Roles, with paths, that a login gives after a second factor and not else, such as Identity Center's
    `aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Engineers_*`. Without any, IAM users alone get in."""
    mfa_max_age_minutes: Annotated[int, Field(ge=15, le=720)] = 60
    """Minutes since the second factor of an IAM user's session after which no role is given any more."""
    automation: AutomationSettings | None = None
    """The CI system; without it, there is no automation role."""
