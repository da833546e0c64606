"""Access points of the lake: one for each tenant and zone, for its roles and below its prefix only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.s3.access_point import AccessPoint

from infra.aws.account import Account
from infra.aws.bucket_policies import DATA_ACTIONS
from infra.aws.documents import Statement, allow, deny, document
from infra.aws.persona_policies import ZONE_ACTIONS
from infra.aws.workload_identity import WorkloadIdentity
from infra.conventions import TENANT_PERSONAS, ComponentType, registered


@dataclass(frozen=True, kw_only=True)
class Access:
    """What one role does with a tenant's objects in one zone.

    Args:
        role_arn: ARN of the role.
        actions: as IAM names them.
    """

    role_arn: Input[str]
    actions: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class AccessPointsArgs:
    """What the access points are made from.

    Args:
        environment: part of every name.
        account: where they are created.
        buckets: name of the bucket of each zone.
        accesses: by tenant, then by zone, who does what there.
    """

    environment: str
    account: Account
    buckets: Mapping[str, Input[str]]
    accesses: Mapping[str, Mapping[str, Sequence[Access]]]


@dataclass(frozen=True, kw_only=True)
class AccessPointsOutputs:
    """Alias of each access point, by tenant and zone: a tool takes it in the place of a bucket's name."""

    aliases: dict[str, dict[str, Output[str]]]


class AccessPoints(pulumi.ComponentResource):
    """A door for each tenant into each zone that it uses. Nobody else gets through, whatever they may do."""

    def __init__(self, name: str, args: AccessPointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.ACCESS_POINTS, name, None, opts)
        self._args = args
        self.outputs = AccessPointsOutputs(
            aliases={
                tenant: {zone: self._open(tenant, zone, roles).alias for zone, roles in zones.items()}
                for tenant, zones in args.accesses.items()
            }
        )
        self.register_outputs(registered(self.outputs))

    def _open(self, tenant: str, zone: str, roles: Sequence[Access]) -> AccessPoint:
        args = self._args
        name = access_point_name(args.environment, zone, tenant)
        return AccessPoint(
            name,
            name=name,
            bucket=args.buckets[zone],
            public_access_block_configuration={
                "block_public_acls": True,
                "block_public_policy": True,
                "ignore_public_acls": True,
                "restrict_public_buckets": True,
            },
            policy=document(*access_point_policy(args.account, name, tenant, roles)),
            opts=pulumi.ResourceOptions(parent=self),
        )


def access_point_name(environment: str, zone: str, tenant: str) -> str:
    """Its name in the account and region; S3 takes 50 characters, too few for the project's name."""
    return f"{environment}-{zone}-{tenant}"


def access_point_policy(account: Account, name: str, tenant: str, roles: Sequence[Access]) -> list[Statement]:
    """What each role does below the tenant's prefix; and that all others are kept out."""
    arn = account.arn("s3", f"accesspoint/{name}")
    arns = [role.role_arn for role in roles]
    by_actions: dict[tuple[str, ...], list[Input[str]]] = {}
    for role in roles:
        by_actions.setdefault(tuple(role.actions), []).append(role.role_arn)
    return [
        *(
            allow(
                f"UseObjects{number}",
                principals={"AWS": members},
                actions=actions,
                resources=[f"{arn}/object/{tenant}/*"],
            )
            for number, (actions, members) in enumerate(by_actions.items(), 1)
        ),
        allow(
            "ListObjects",
            principals={"AWS": arns},
            actions=["s3:ListBucket"],
            resources=[arn],
            conditions={"StringLike": {"s3:prefix": [f"{tenant}/*"]}},
        ),
        deny(
            "KeepOthersOut",
            principals={"AWS": "*"},
            actions=DATA_ACTIONS,
            resources=[arn, f"{arn}/object/*"],
            conditions={"ArnNotEquals": {"aws:PrincipalArn": arns}},
        ),
    ]


def accesses(
    tenants: Sequence[str],
    persona_arns: Mapping[str, Input[str]],
    identities: Mapping[str, Mapping[str, WorkloadIdentity]],
) -> dict[str, dict[str, list[Access]]]:
    """Who does what in which zone, by tenant and zone: what the roles' own policies say.

    Args:
        tenants: names of the tenants.
        persona_arns: role of each persona by `<tenant>/<persona>`.
        identities: workloads by tenant and name.
    """
    found: dict[str, dict[str, list[Access]]] = {}
    for tenant in tenants:
        zones = found.setdefault(tenant, {})
        for persona in TENANT_PERSONAS:
            for zone, actions in ZONE_ACTIONS[persona].items():
                arn = persona_arns[f"{tenant}/{persona}"]
                zones.setdefault(zone, []).append(Access(role_arn=arn, actions=actions))
        for identity in identities[tenant].values():
            for grant in identity.grants:
                access = Access(role_arn=identity.outputs.role_arn, actions=grant.actions)
                zones.setdefault(grant.zone, []).append(access)
    return found
