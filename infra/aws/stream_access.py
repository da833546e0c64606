"""Who may use the event stream: each tenant's clients as one user of Kafka, and the keeper of quotas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.iam.policy import Policy
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy

from infra.aws.account import Account
from infra.aws.documents import Statement, allow, document
from infra.aws.pod_role import create_pod_role
from infra.aws.workload_identity import LONGEST_SESSION_S
from infra.conventions import ComponentType, physical_name, registered

KEEPER = "quotas"
"""Service account of the keeper of quotas, and the last part of its role's name."""
KEEPER_NAMESPACE = "streaming"


@dataclass(frozen=True, kw_only=True)
class StreamAccessArgs:
    """What access is made from.

    Args:
        environment: part of every name.
        account: where it is created.
        clients: by tenant, names of the roles of the workloads that may connect.
        cluster_name: the cluster on which the keeper runs.
        cluster_arn: its ARN.
    """

    environment: str
    account: Account
    clients: Mapping[str, Sequence[str]]
    cluster_name: Input[str]
    cluster_arn: Input[str]


@dataclass(frozen=True, kw_only=True)
class StreamAccessOutputs:
    """The role that a tenant's clients take, by tenant, and the association of the keeper of quotas."""

    role_arns: dict[str, Output[str]]
    keeper_association_arn: Output[str]


class StreamAccess(pulumi.ComponentResource):
    """Topics and consumer groups by the tenant's name, and rates by its one user."""

    def __init__(self, name: str, args: StreamAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.STREAM_ACCESS, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._boundary = self._create_boundary()
        self.outputs = StreamAccessOutputs(
            role_arns={tenant: self._admit(tenant, roles) for tenant, roles in args.clients.items()},
            keeper_association_arn=self._create_keeper(),
        )
        self.register_outputs(registered(self.outputs))

    def _create_boundary(self) -> Policy:
        """A ceiling for what clients take by other roles: events, and no other service."""
        name = physical_name(self._args.environment, "stream-boundary")
        return Policy(
            name,
            name=name,
            description="What no client of the event stream can exceed",
            policy=document(*self._use("*")),
            opts=self._child,
        )

    def _admit(self, tenant: str, clients: Sequence[str]) -> Output[str]:
        """Quotas are by user, and to MSK each name of a session is another user: there is one name only."""
        name = stream_role(self._args.environment, tenant)
        principals = {"AWS": [self._args.account.role_arn(client) for client in clients]}
        trust = document(
            allow(
                "AssumedByClients",
                principals=principals,
                actions=["sts:AssumeRole"],
                conditions={"StringEquals": {"sts:RoleSessionName": tenant}},
            ),
            # Tags of a pod's session go with it, and cannot be left out.
            allow("TaggedAsPods", principals=principals, actions=["sts:TagSession"]),
        )
        role = Role(
            name,
            name=name,
            description=f"Clients of tenant {tenant} of the event stream",
            assume_role_policy=trust,
            max_session_duration=LONGEST_SESSION_S,
            permissions_boundary=self._boundary.arn,
            tags={"Tenant": tenant},
            opts=self._child,
        )
        self._permit(name, role, *self._use(f"{tenant}.*"))
        return role.arn

    def _create_keeper(self) -> Output[str]:
        """It may read and set quotas and nothing else: no topic, and no event."""
        args = self._args
        name = physical_name(args.environment, KEEPER_NAMESPACE, KEEPER)
        return create_pod_role(
            name,
            account=args.account,
            cluster_name=args.cluster_name,
            cluster_arn=args.cluster_arn,
            pods=(KEEPER_NAMESPACE, KEEPER),
            description="Keeper of the event stream's quotas",
            purpose="streaming",
            statements=[
                allow(
                    "KeepQuotas",
                    actions=[
                        "kafka-cluster:AlterClusterDynamicConfiguration",
                        "kafka-cluster:Connect",
                        "kafka-cluster:DescribeClusterDynamicConfiguration",
                    ],
                    resources=[self._within("cluster")],
                )
            ],
            longest_session_s=LONGEST_SESSION_S,
            opts=self._child,
        ).association_arn

    def _use(self, names: str) -> list[Statement]:
        """Write and read topics, and keep offsets of groups, of these names."""
        return [
            allow(
                "Connect",
                actions=["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"],
                resources=[self._within("cluster")],
            ),
            allow(
                "UseTopics",
                actions=["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData", "kafka-cluster:WriteData"],
                resources=[self._within("topic", names)],
            ),
            allow(
                "UseGroups",
                actions=["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
                resources=[self._within("group", names)],
            ),
        ]

    def _permit(self, name: str, role: Role, *statements: Statement) -> RolePolicy:
        return RolePolicy(
            name, name="streaming", role=role.name, policy=document(*statements), opts=self._child
        )

    def _within(self, kind: str, *names: str) -> str:
        """ARN of the cluster, or of what is in it; behind the cluster's name MSK puts an id of its choice."""
        cluster = physical_name(self._args.environment)
        return self._args.account.arn("kafka", "/".join((kind, cluster, "*", *names)))


def stream_role(environment: str, tenant: str) -> str:
    """Name of the role that a tenant's clients take."""
    return physical_name(environment, tenant, "stream")
