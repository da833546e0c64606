"""The EKS cluster: private endpoint, encrypted secrets, all logs, access by entries only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.eks.access_entry import AccessEntry
from pulumi_aws.eks.access_policy_association import AccessPolicyAssociation
from pulumi_aws.eks.cluster import Cluster as EksCluster
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy
from pulumi_aws.iam.role_policy_attachment import RolePolicyAttachment

from infra.aws.account import Account
from infra.aws.client_groups import create_client_group
from infra.aws.documents import allow, document, service_trust
from infra.conventions import ComponentType, physical_name, registered

_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All that EKS has."""


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """What a cluster is made from.

    Args:
        environment: part of every name.
        account: where it is created.
        kubernetes_version: version of the control plane, e.g. `1.35`.
        vpc_id: the network.
        subnet_ids: where the control plane's interfaces go, in at least two zones.
        service_range: range of ClusterIPs.
        api_client_ranges: private ranges outside the cluster from which the API server may be reached.
        administrators: names of the IAM roles that are cluster administrators.
        readers: names of the IAM roles that see all that is in it.
        secrets_key_arn: KMS key of Kubernetes secrets.
        log_group: name of the log group; EKS prescribes it: see `log_group_name`.
        log_retention_days: how long the control plane's logs are kept.
        logs_key_arn: KMS key of the log group.
        protect: refuse to delete the cluster.
    """

    environment: str
    account: Account
    kubernetes_version: str
    vpc_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    service_range: str
    api_client_ranges: Sequence[str]
    administrators: Sequence[str]
    readers: Sequence[str]
    secrets_key_arn: Input[str]
    log_group: str
    log_retention_days: int
    logs_key_arn: Input[str]
    protect: bool


@dataclass(frozen=True, kw_only=True)
class ClusterOutputs:
    """What it takes to reach the cluster and to join it."""

    name: Output[str]
    arn: Output[str]
    endpoint: Output[str]
    certificate_authority: Output[str]
    security_group_id: Output[str]


class Cluster(pulumi.ComponentResource):
    """A control plane that only named roles can enter, and only from private networks."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.CLUSTER, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._physical_name = cluster_name(args.environment)
        role, permissions = self._create_role()
        logs = self._create_log_group()
        cluster = self._create_cluster(role, self._admit_api_clients(), [*permissions, logs])
        for administrator in args.administrators:
            self._admit(cluster, administrator, "AmazonEKSClusterAdminPolicy")
        for reader in args.readers:
            self._admit(cluster, reader, "AmazonEKSAdminViewPolicy")
        self.outputs = ClusterOutputs(
            name=cluster.name,
            arn=cluster.arn,
            endpoint=cluster.endpoint,
            certificate_authority=cluster.certificate_authority.data,
            security_group_id=cluster.vpc_config.cluster_security_group_id,
        )
        self.register_outputs(registered(self.outputs))

    def _create_role(self) -> tuple[Role, list[pulumi.Resource]]:
        args = self._args
        name = physical_name(args.environment, "cluster")
        role = Role(
            name,
            name=name,
            description="Lets the EKS control plane manage network interfaces and load balancers",
            assume_role_policy=service_trust(
                "eks.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": args.account.id}}
            ),
            opts=self._child,
        )
        managed = RolePolicyAttachment(
            name,
            role=role.name,
            policy_arn=args.account.managed_policy_arn("AmazonEKSClusterPolicy"),
            opts=self._child,
        )
        secrets = RolePolicy(
            name,
            name="encrypt-secrets",
            role=role.name,
            policy=document(
                allow(
                    "UseSecretsKey",
                    actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"],
                    resources=[args.secrets_key_arn],
                )
            ),
            opts=self._child,
        )
        return role, [managed, secrets]

    def _create_log_group(self) -> LogGroup:
        """Ours, before the cluster: the one that EKS would make is neither encrypted nor ever emptied."""
        return LogGroup(
            physical_name(self._args.environment, "cluster"),
            name=self._args.log_group,
            retention_in_days=self._args.log_retention_days,
            kms_key_id=self._args.logs_key_arn,
            opts=self._child,
        )

    def _admit_api_clients(self) -> SecurityGroup:
        return create_client_group(
            physical_name(self._args.environment, "api-clients"),
            description="Private networks that may reach the API server",
            vpc_id=self._args.vpc_id,
            service="HTTPS",
            port=443,
            client_ranges=self._args.api_client_ranges,
            opts=self._child,
        )

    def _create_cluster(
        self, role: Role, api_clients: SecurityGroup, before: list[pulumi.Resource]
    ) -> EksCluster:
        args = self._args
        return EksCluster(
            self._physical_name,
            name=self._physical_name,
            version=args.kubernetes_version,
            role_arn=role.arn,
            vpc_config={
                "subnet_ids": args.subnet_ids,
                "security_group_ids": [api_clients.id],
                "endpoint_private_access": True,
                "endpoint_public_access": False,
            },
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": args.service_range},
            access_config={
                "authentication_mode": "API",
                "bootstrap_cluster_creator_admin_permissions": False,
            },
            encryption_config={
                "provider": {"key_arn": args.secrets_key_arn},
                "resources": ["secrets"],
            },
            enabled_cluster_log_types=list(_LOG_TYPES),
            # Pulumi's own protection stops this program only.
            deletion_protection=args.protect,
            # Add-ons are ours, pinned; self-managed ones would be left to age.
            bootstrap_self_managed_addons=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=before, protect=args.protect),
        )

    def _admit(self, cluster: EksCluster, role_name: str, policy: str) -> None:
        """Give a role one of EKS' own policies everywhere in the cluster.

        https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
        """
        principal = self._args.account.role_arn(role_name)
        name = f"{self._physical_name}-{role_name.replace('/', '-')}"
        entry = AccessEntry(
            name, cluster_name=cluster.name, principal_arn=principal, type="STANDARD", opts=self._child
        )
        AccessPolicyAssociation(
            name,
            cluster_name=cluster.name,
            principal_arn=entry.principal_arn,
            policy_arn=f"arn:{self._args.account.partition}:eks::aws:cluster-access-policy/{policy}",
            access_scope={"type": "cluster"},
            opts=self._child,
        )


def cluster_name(environment: str) -> str:
    """Name of an environment's cluster."""
    return physical_name(environment)


def log_group_name(environment: str) -> str:
    """Name that EKS gives to the log group of an environment's cluster."""
    return f"/aws/eks/{cluster_name(environment)}/cluster"
