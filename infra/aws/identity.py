"""Identities of people and pipelines: roles below one boundary, for an hour, without users or access keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.eks.access_entry import AccessEntry
from pulumi_aws.eks.access_policy_association import AccessPolicyAssociation
from pulumi_aws.iam.open_id_connect_provider import OpenIdConnectProvider
from pulumi_aws.iam.policy import Policy
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy

from infra.aws.account import Account
from infra.aws.documents import Statement, document
from infra.aws.permissions_boundary import boundary
from infra.aws.persona_policies import PersonaScope, persona_policy
from infra.aws.persona_trust import LONGEST_SESSION_S, people_trust, pipeline_trust
from infra.conventions import (
    AUDITOR_GROUP,
    TENANT_PERSONAS,
    ComponentType,
    Persona,
    persona_group,
    physical_name,
    registered,
)


@dataclass(frozen=True, kw_only=True)
class Pipelines:
    """The CI system whose jobs take the automation role.

    Args:
        issuer: URL of the issuer of its tokens.
        audience: the `aud` that a token must have.
        subjects: each `sub` that is let in.
    """

    issuer: str
    audience: str
    subjects: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """What the identities are made from.

    Args:
        environment: part of every name.
        account: where they are created.
        tenants: each gets a data scientist, a data engineer and an ML engineer.
        people_account: account that people log in to, if it is another one.
        login_roles: names of its roles that nobody gets without a second factor.
        mfa_max_age_s: seconds since the second factor of an IAM user's session after which it gets no role.
        pipelines: the CI system; None for no automation role.
        cluster: the cluster that people get into.
        cluster_name: its name, as text: part of ARNs in policies.
        lake_key_arn: KMS key of raw and curated data.
        models_key_arn: KMS key of models and checkpoints.
    """

    environment: str
    account: Account
    tenants: Sequence[str]
    people_account: str | None
    login_roles: Sequence[str]
    mfa_max_age_s: int
    pipelines: Pipelines | None
    cluster: Input[str]
    cluster_name: str
    lake_key_arn: Input[str]
    models_key_arn: Input[str]


@dataclass(frozen=True, kw_only=True)
class IdentityOutputs:
    """ARN of the boundary, and of each role by tenant and persona (`vision/ml-engineer`, `auditor`)."""

    boundary_arn: Output[str]
    role_arns: dict[str, Output[str]]


class Identity(pulumi.ComponentResource):
    """The personas. None can leave the boundary, change identities, or outlast an hour."""

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.IDENTITY, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._scope = PersonaScope(
            account=args.account,
            environment=args.environment,
            cluster_name=args.cluster_name,
            lake_key_arn=args.lake_key_arn,
            models_key_arn=args.models_key_arn,
        )
        self._boundary = self._create_boundary()
        roles = {f"{tenant}/{persona}": self._admit(persona, tenant) for tenant, persona in self._pairs()}
        roles[Persona.AUDITOR] = self._admit_auditor()
        if args.pipelines:
            roles[Persona.AUTOMATION] = self._admit_pipelines(args.pipelines)
        self.outputs = IdentityOutputs(boundary_arn=self._boundary.arn, role_arns=roles)
        self.register_outputs(registered(self.outputs))

    def _pairs(self) -> list[tuple[str, Persona]]:
        return [(tenant, persona) for tenant in self._args.tenants for persona in TENANT_PERSONAS]

    def _create_boundary(self) -> Policy:
        args = self._args
        name = physical_name(args.environment, "persona-boundary")
        return Policy(
            name,
            name=name,
            description="What no person and no pipeline can exceed",
            policy=document(*boundary(args.account, args.environment)),
            opts=self._child,
        )

    def _admit(self, persona: Persona, tenant: str) -> Output[str]:
        """A person's role for one tenant; on the cluster it is a group that role bindings mean."""
        role = self._create_role(persona, self._people(tenant), tenant)
        AccessEntry(
            f"{tenant}-{persona}",
            cluster_name=self._args.cluster,
            principal_arn=role.arn,
            kubernetes_groups=[persona_group(tenant, persona)],
            type="STANDARD",
            opts=self._child,
        )
        return role.arn

    def _admit_auditor(self) -> Output[str]:
        """The auditor's role; on the cluster it sees everything but secrets.

        EKS' policy for readers leaves out what the cluster's objects of `AuditorAccess` let the group see.
        """
        role = self._create_role(Persona.AUDITOR, self._people())
        entry = AccessEntry(
            Persona.AUDITOR,
            cluster_name=self._args.cluster,
            principal_arn=role.arn,
            kubernetes_groups=[AUDITOR_GROUP],
            type="STANDARD",
            opts=self._child,
        )
        AccessPolicyAssociation(
            Persona.AUDITOR,
            cluster_name=self._args.cluster,
            principal_arn=entry.principal_arn,
            policy_arn=f"arn:{self._args.account.partition}:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
            access_scope={"type": "cluster"},
            opts=self._child,
        )
        return role.arn

    def _admit_pipelines(self, pipelines: Pipelines) -> Output[str]:
        """The role of CI jobs; the cluster is none of their business."""
        provider = OpenIdConnectProvider(
            physical_name(self._args.environment, Persona.AUTOMATION),
            url=pipelines.issuer,
            client_id_lists=[pipelines.audience],
            opts=self._child,
        )
        trust = pipeline_trust(
            provider.arn,
            issuer=pipelines.issuer,
            audience=pipelines.audience,
            subjects=pipelines.subjects,
        )
        return self._create_role(Persona.AUTOMATION, [trust]).arn

    def _people(self, tenant: str | None = None) -> list[Statement]:
        args = self._args
        return people_trust(
            args.account,
            people_account=args.people_account,
            login_roles=args.login_roles,
            mfa_max_age_s=args.mfa_max_age_s,
            tenant=tenant,
        )

    def _create_role(self, persona: Persona, trust: Sequence[Statement], tenant: str = "") -> Role:
        args = self._args
        name = physical_name(args.environment, *([tenant] if tenant else []), persona)
        role = Role(
            name,
            name=name,
            description=f"{persona} of {f'tenant {tenant}' if tenant else args.environment}",
            assume_role_policy=document(*trust),
            permissions_boundary=self._boundary.arn,
            max_session_duration=LONGEST_SESSION_S,
            tags={"Persona": persona} | ({"Tenant": tenant} if tenant else {}),
            opts=self._child,
        )
        RolePolicy(
            name,
            name="persona",
            role=role.name,
            policy=document(*persona_policy(self._scope, persona, tenant)),
            opts=self._child,
        )
        return role
