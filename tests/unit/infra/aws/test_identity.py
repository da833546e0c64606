"""Tests of the identities of people and pipelines: trust, boundary, and what nobody may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.conventions import TENANT_PERSONAS, Persona
from infra.settings.identity import IdentitySettings
from tests.unit.infra.recording import ACCOUNT_ID, Registered, dev_estate, dev_settings, record, run_program

RBAC = "kubernetes:rbac.authorization.k8s.io/v1"
ESTATE = dev_estate()
PERSONAS = [role for role in ESTATE.of("aws:iam/role:Role") if "permissionsBoundary" in role.inputs]
PEOPLE = [role for role in PERSONAS if role.inputs["tags"]["Persona"] != Persona.AUTOMATION]
BOUNDARY = ESTATE.one("aws:iam/policy:Policy", "groundplan-dev-persona-boundary")
each_person = pytest.mark.parametrize("role", PEOPLE, ids=lambda role: role.name)
each_persona = pytest.mark.parametrize("role", PERSONAS, ids=lambda role: role.name)


def _statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for role in PERSONAS:
        for statement in ESTATE.one("aws:iam/rolePolicy:RolePolicy", role.name).document():
            yield role.name, statement


def test_there_is_a_role_for_each_persona() -> None:
    """Three for each tenant, and the two of the environment."""
    expected = {f"groundplan-dev-vision-{persona}" for persona in TENANT_PERSONAS}
    assert {role.name for role in PERSONAS} == expected | {
        "groundplan-dev-auditor",
        "groundplan-dev-automation",
    }


def test_nobody_has_a_standing_credential() -> None:
    """No users, groups, passwords or access keys anywhere in the estate."""
    forbidden = ("aws:iam/user", "aws:iam/accessKey", "aws:iam/group", "aws:iam/userLoginProfile")
    assert not [one.urn for one in ESTATE.resources if one.type.startswith(forbidden)]


@each_persona
def test_every_persona_is_bounded_and_short(role: Registered) -> None:
    """The boundary is on each role, and no session outlasts an hour."""
    assert role.inputs["permissionsBoundary"] == BOUNDARY.inputs.get(
        "arn", f"arn:of:{BOUNDARY.type}:{BOUNDARY.name}"
    )
    assert role.inputs["maxSessionDuration"] == 3600
    assert len(role.inputs["name"]) <= 64


@each_person
def test_people_bring_factor_name_and_ticket(role: Registered) -> None:
    """Each of them is a condition that does not hold of a missing key; a factor is shown in two ways."""
    user, login = role.document("assumeRolePolicy")
    assert user["Condition"]["Bool"] == {"aws:MultiFactorAuthPresent": "true"}
    assert user["Condition"]["NumericLessThanEquals"] == {"aws:MultiFactorAuthAge": "3600"}
    assert login["Condition"]["ArnLike"] == {
        "aws:PrincipalArn": [
            f"arn:aws:iam::{ACCOUNT_ID}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Engineers_*"
        ]
    }
    tenant = role.inputs["tags"].get("Tenant")
    for statement in (user, login):
        assert statement["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
        condition = statement["Condition"]
        assert condition["StringLike"] == {"aws:RequestTag/Ticket": "?*", "sts:SourceIdentity": "?*"}
        assert condition.get("StringEquals") == ({"aws:PrincipalTag/Tenant": tenant} if tenant else None)


def test_pipelines_are_told_apart_by_audience_and_subject() -> None:
    """Subjects are compared as a whole, and the principal is the provider of this issuer."""
    provider = ESTATE.one("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert provider.inputs["url"] == "https://token.actions.githubusercontent.com"
    assert provider.inputs["clientIdLists"] == ["sts.amazonaws.com"]
    role = ESTATE.one("aws:iam/role:Role", "groundplan-dev-automation")
    (statement,) = role.document("assumeRolePolicy")
    assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": ["repo:groundplan/groundplan:environment:dev"],
        }
    }


def test_without_a_ci_system_there_is_no_way_in_for_one() -> None:
    """Neither provider nor role; users of another account are trusted by that account's name."""
    settings = dev_settings(identity={"people_account": "210987654321", "mfa_max_age_minutes": 15})
    estate = record(lambda: run_program(settings))
    assert not estate.of("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert "groundplan-dev-automation" not in {role.name for role in estate.of("aws:iam/role:Role")}
    (statement,) = estate.one("aws:iam/role:Role", "groundplan-dev-auditor").document("assumeRolePolicy")
    assert statement["Principal"] == {"AWS": "arn:aws:iam::210987654321:root"}
    assert statement["Condition"]["NumericLessThanEquals"] == {"aws:MultiFactorAuthAge": "900"}


@pytest.mark.parametrize("name", ["*", "people/*", "abc*", "a b c d", "Engineers*x", ""])
def test_login_roles_are_named(name: str) -> None:
    """A pattern without a name lets in whoever can make a role."""
    with pytest.raises(ValueError, match="pattern"):
        IdentitySettings.model_validate({"login_roles": (name,)})


@pytest.mark.parametrize("subject", ["repo:me/*:ref:refs/heads/main", "*", "repo", "repo:me/x:*", ""])
def test_patterns_of_subjects_are_refused(subject: str) -> None:
    """A pattern lets in whoever can name a repository or a branch."""
    with pytest.raises(ValueError, match="pattern"):
        IdentitySettings.model_validate({"automation": {"subjects": (subject,)}})


def test_the_boundary_forbids_escalation_and_cover_up() -> None:
    """The denials are about everything; the ceiling on data is about this environment and region."""
    statements = {statement["Sid"]: statement for statement in BOUNDARY.document()}
    for sid in ("NoIdentities", "NoCoverUp", "NoLoss"):
        assert (statements[sid]["Effect"], statements[sid]["Resource"]) == ("Deny", "*")
        assert "Condition" not in statements[sid]
    assert {"iam:Create*", "iam:PassRole", "sts:AssumeRole"} <= set(statements["NoIdentities"]["Action"])
    assert statements["DataOfThisEnvironment"]["Resource"] == [
        "arn:aws:s3:::groundplan-dev-*",
        "arn:aws:s3:::groundplan-dev-*/*",
    ]
    allowed = [action for one in statements.values() if one["Effect"] == "Allow" for action in one["Action"]]
    assert not [action for action in allowed if action == "*" or action.endswith(":*")]


def test_documents_fit_into_iam() -> None:
    """IAM takes 6,144 characters for a managed policy, 10,240 for a role's own, 2,048 for its trust."""
    assert len(json.dumps(json.loads(BOUNDARY.inputs["policy"]), separators=(",", ":"))) <= 6144
    for role in PERSONAS:
        policy = ESTATE.one("aws:iam/rolePolicy:RolePolicy", role.name).inputs["policy"]
        assert len(json.dumps(json.loads(policy), separators=(",", ":"))) <= 10240
        trust = json.loads(role.inputs["assumeRolePolicy"])
        assert len(json.dumps(trust, separators=(",", ":"))) <= 2048


def test_nobody_writes_settings_or_reads_other_tenants() -> None:
    """No action of IAM, KMS or buckets that changes something; objects below the tenant's prefix only."""
    changing = ("iam:Create", "iam:Put", "iam:Attach", "iam:Pass", "kms:Put", "kms:Create", "s3:PutBucket")
    for name, statement in _statements():
        assert not [action for action in statement["Action"] if action.startswith(changing)], name
        if "s3:GetObject" in statement["Action"] and "vision" in name:
            resources = statement["Resource"]
            assert all(
                resource.endswith("/vision/*")
                for resource in ([resources] if isinstance(resources, str) else resources)
            )


def test_people_enter_the_cluster_as_their_group() -> None:
    """Groups are bound in the tenant's namespace; the auditor has EKS' view policy; pipelines stay out."""
    entries = {entry.name: entry.inputs for entry in ESTATE.of("aws:eks/accessEntry:AccessEntry")}
    bindings = ESTATE.of("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding")
    bound = {subject["name"] for binding in bindings for subject in binding.inputs["subjects"]}
    groups = {
        group
        for name, entry in entries.items()
        if name.startswith("vision-")
        for group in entry["kubernetesGroups"]
    }
    assert groups == bound == {f"groundplan:vision:{persona}" for persona in TENANT_PERSONAS}
    assert "automation" not in entries
    policy = ESTATE.one("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "auditor").inputs
    assert policy["policyArn"].endswith("/AmazonEKSViewPolicy")
    [subject] = ESTATE.one(f"{RBAC}:ClusterRoleBinding", "auditor").inputs["subjects"]
    assert entries["auditor"]["kubernetesGroups"] == [subject["name"]] == ["groundplan:auditor"]


def test_no_persona_sees_secrets_or_enters_pods() -> None:
    """Neither by name nor by pattern."""
    for role in ESTATE.of("kubernetes:rbac.authorization.k8s.io/v1:Role"):
        for rule in role.inputs["rules"]:
            assert not {"*", "secrets", "pods/exec", "pods/attach", "serviceaccounts/token"} & {
                *rule["resources"],
                *rule["verbs"],
            }
