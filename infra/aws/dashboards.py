"""Where people look at metrics: a workspace of Amazon Managed Grafana that only private networks reach."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.ec2.vpc_endpoint import VpcEndpoint
from pulumi_aws.grafana.role_association import RoleAssociation
from pulumi_aws.grafana.workspace import Workspace
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy

from infra.aws.account import Account
from infra.aws.client_groups import create_client_group
from infra.aws.documents import Statement, allow, document, service_trust
from infra.aws.key_policies import used_for_dashboards
from infra.aws.keys import create_class_key
from infra.conventions import ComponentType, physical_name, registered

_DASHBOARDS = "dashboards"
_HTTPS = 443
_VERSION = "12.4"
"""No upgrade can be taken back. From 13 on Grafana asks AWS' Prometheus by a plugin, and only by it:
https://grafana.com/docs/grafana/latest/datasources/prometheus/configure/aws-authentication/"""
_QUERIES = (
    "aps:DescribeWorkspace",
    "aps:GetLabels",
    "aps:GetMetricMetadata",
    "aps:GetSeries",
    "aps:QueryMetrics",
)
# None of these has a resource: https://docs.aws.amazon.com/service-authorization.
_OF_CLOUDWATCH = (
    "cloudwatch:DescribeAlarmsForMetric",
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:ListMetrics",
)
_CONFIGURATION = {"plugins": {"pluginAdminEnabled": False}, "unifiedAlerting": {"enabled": True}}
"""Plugins run in Grafana's own process and see what it queries: nobody adds one."""


@dataclass(frozen=True, kw_only=True)
class DashboardsArgs:
    """What a workspace is made from.

    Args:
        environment: part of every name.
        account: where it is created.
        administrators: names of the IAM roles that may manage its key.
        vpc_id: the network that people come through.
        subnet_ids: where its addresses are, one in each zone.
        client_ranges: private ranges that people come from.
        metrics_workspace_arn: the store of Prometheus' metrics that it reads.
        groups: ids of Identity Center's groups by Grafana's role: ADMIN, EDITOR, VIEWER.
        protect: refuse to delete it, and its key.
    """

    environment: str
    account: Account
    administrators: Sequence[str]
    vpc_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    client_ranges: Sequence[str]
    metrics_workspace_arn: Input[str]
    groups: Mapping[str, Sequence[str]]
    protect: bool


@dataclass(frozen=True, kw_only=True)
class DashboardsOutputs:
    """Where people open it, and the private name that their DNS has to give for it."""

    url: Output[str]
    private_name: Output[str]


class Dashboards(pulumi.ComponentResource):
    """Managed Grafana over the environment's metrics; people log in by Identity Center, and no other way.

    There are no users, keys or tokens of its own: who may do what is up to groups, and the second factor to
    Identity Center. It answers through an endpoint of the VPC only, for its own addresses are the internet's,
    and the lists of addresses that it could let in are of public ones. What it reads it reaches by AWS'
    PrivateLink without a connection to the VPC, which would carry all its traffic, and need endpoints for it:
    https://docs.aws.amazon.com/grafana/latest/userguide/AMG-configure-nac.html
    https://docs.aws.amazon.com/grafana/latest/userguide/AMG-configure-vpc.html
    """

    def __init__(self, name: str, args: DashboardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.DASHBOARDS, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._name = physical_name(args.environment, _DASHBOARDS)
        endpoint = self._create_endpoint()
        workspace = self._create_workspace(endpoint)
        self._assign(workspace)
        self.outputs = DashboardsOutputs(
            url=Output.concat("https://", workspace.endpoint),
            private_name=endpoint.dns_entries[0].dns_name,
        )
        self.register_outputs(registered(self.outputs))

    def _create_endpoint(self) -> VpcEndpoint:
        """The way in. It can have no policy: people's browsers call no API of AWS.

        https://docs.aws.amazon.com/grafana/latest/userguide/VPC-endpoints.html
        """
        args = self._args
        group = create_client_group(
            self._name,
            description="Addresses that may open the dashboards",
            vpc_id=args.vpc_id,
            service="Grafana",
            port=_HTTPS,
            client_ranges=args.client_ranges,
            opts=self._child,
        )
        return VpcEndpoint(
            self._name,
            vpc_id=args.vpc_id,
            service_name=f"com.amazonaws.{args.account.region}.grafana-workspace",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=args.subnet_ids,
            security_group_ids=[group.id],
            tags={"Name": self._name},
            opts=self._child,
        )

    def _create_workspace(self, endpoint: VpcEndpoint) -> Workspace:
        args = self._args
        role, policy = self._create_role()
        return Workspace(
            self._name,
            name=self._name,
            description="What the platform's metrics look like",
            account_access_type="CURRENT_ACCOUNT",
            authentication_providers=["AWS_SSO"],
            permission_type="CUSTOMER_MANAGED",
            role_arn=role.arn,
            grafana_version=_VERSION,
            kms_key_id=self._create_key(),
            configuration=json.dumps(_CONFIGURATION, separators=(",", ":")),
            # Both lists have to be there: an empty one lets in nobody of its kind.
            network_access_control={"prefix_list_ids": [], "vpce_ids": [endpoint.id]},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy], protect=args.protect),
        )

    def _create_role(self) -> tuple[Role, RolePolicy]:
        account = self._args.account
        ours: Mapping[str, Mapping[str, str]] = {
            "StringEquals": {"aws:SourceAccount": account.id},
            "ArnLike": {"aws:SourceArn": account.arn("grafana", "/workspaces/*")},
        }
        role = Role(
            self._name,
            name=self._name,
            description="What the dashboards may read",
            assume_role_policy=service_trust("grafana.amazonaws.com", conditions=ours),
            opts=self._child,
        )
        policy = RolePolicy(
            self._name,
            name="read-metrics",
            role=role.name,
            policy=document(*self._statements()),
            opts=self._child,
        )
        return role, policy

    def _statements(self) -> list[Statement]:
        """Metrics and alarms, and no logs: those hold what people and pods wrote.

        https://docs.aws.amazon.com/grafana/latest/userguide/AMG-manage-permissions.html
        """
        alarms = self._args.account.arn("cloudwatch", "alarm:*")
        return [
            allow("FindStores", actions=["aps:ListWorkspaces"], resources=["*"]),
            allow("ReadMetrics", actions=_QUERIES, resources=[self._args.metrics_workspace_arn]),
            allow("ReadCloudWatch", actions=_OF_CLOUDWATCH, resources=["*"]),
            allow(
                "SeeAlarms",
                actions=["cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"],
                resources=[alarms],
            ),
        ]

    def _create_key(self) -> Output[str]:
        args = self._args
        return create_class_key(
            _DASHBOARDS,
            environment=args.environment,
            account=args.account,
            administrators=args.administrators,
            protects="dashboards, and who has looked at them",
            use=used_for_dashboards(args.account),
            protect=args.protect,
            opts=self._child,
        )

    def _assign(self, workspace: Workspace) -> None:
        """Give groups their roles, and take from everybody else what they have.

        The provider adds whom it is told and never takes anybody away, so an assignment that changes is made
        anew. Each goes with the one before it: a group that changes its role loses the old one first.
        https://github.com/hashicorp/terraform-provider-aws/issues/37777
        """
        workspace_id = workspace.id
        for role, groups in self._args.groups.items():
            if not groups:
                continue
            association = RoleAssociation(
                f"{self._name}-{role.lower()}",
                role=role,
                group_ids=groups,
                workspace_id=workspace_id,
                opts=pulumi.ResourceOptions(
                    parent=self, replace_on_changes=["groupIds", "userIds"], delete_before_replace=True
                ),
            )
            workspace_id = association.workspace_id
