"""The VPC: three zones with public, private, pods' and isolated subnets, NAT, endpoints, and flow logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.ec2.default_security_group import DefaultSecurityGroup
from pulumi_aws.ec2.eip import Eip
from pulumi_aws.ec2.internet_gateway import InternetGateway
from pulumi_aws.ec2.nat_gateway import NatGateway
from pulumi_aws.ec2.route import Route
from pulumi_aws.ec2.route_table import RouteTable
from pulumi_aws.ec2.route_table_association import RouteTableAssociation
from pulumi_aws.ec2.subnet import Subnet
from pulumi_aws.ec2.vpc import Vpc
from pulumi_aws.ec2.vpc_ipv4_cidr_block_association import VpcIpv4CidrBlockAssociation

from infra.aws.account import Account
from infra.aws.endpoints import connect_s3, connect_services
from infra.aws.flow_logs import record_traffic
from infra.aws.on_premises import TransitGateway, connect_on_premises
from infra.conventions import ComponentType, physical_name, registered
from infra.planning import subnets as planning

EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What a network is made from.

    Args:
        environment: part of every name.
        account: where it is created.
        vpc_range: the planned range, e.g. `10.40.0.0/16`.
        plan: its subnets.
        nat_per_zone: one NAT gateway in each zone instead of a shared one.
        transit_gateway: the way to networks outside AWS; None if there is none.
        endpoints: services with private addresses in the isolated subnets, e.g. `ecr.api`.
        organization_id: organisation whose resources the endpoints reach; the account's only, if None.
        flow_log_group: name of the flow logs' log group.
        flow_log_retention_days: how long flow logs are kept.
        logs_key_arn: KMS key of the log group.
    """

    environment: str
    account: Account
    vpc_range: str
    plan: planning.SubnetPlan
    nat_per_zone: bool
    transit_gateway: TransitGateway | None
    endpoints: Sequence[str]
    organization_id: str | None
    flow_log_group: str
    flow_log_retention_days: int
    logs_key_arn: Input[str]


@dataclass(frozen=True, kw_only=True)
class NetworkOutputs:
    """What others need of the network; subnet ids are in the order of the zones."""

    vpc_id: Output[str]
    public_subnet_ids: list[Output[str]]
    private_subnet_ids: list[Output[str]]
    pod_subnet_ids: list[Output[str]]
    isolated_subnet_ids: list[Output[str]]


class Network(pulumi.ComponentResource):
    """A VPC in which nothing is public unless a public subnet and its route say so.

    Args:
        pod_ranges: the ranges of pods, for whoever must not come before them.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.NETWORK, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._vpc = self._create_vpc()
        public = self._create_subnets("public", args.plan.public, {"kubernetes.io/role/elb": "1"})
        private = self._create_subnets("private", args.plan.private, {"kubernetes.io/role/internal-elb": "1"})
        self.pod_ranges = self._add_pod_ranges()
        in_ranges = pulumi.ResourceOptions(parent=self, depends_on=self.pod_ranges)
        pods = self._create_subnets("pods", args.plan.pods, {}, in_ranges)
        isolated = self._create_subnets("isolated", args.plan.isolated, {})
        internet = self._create_gateway()
        self._route_public(public, internet)
        private_tables = self._route_private(public, private, pods, internet)
        isolated_tables = self._route_isolated(isolated)
        self._connect([*private_tables, *isolated_tables], isolated)
        record_traffic(
            physical_name(args.environment, "flow-logs"),
            vpc_id=self._vpc.id,
            account=args.account,
            log_group_name=args.flow_log_group,
            retention_days=args.flow_log_retention_days,
            key_arn=args.logs_key_arn,
            opts=self._child,
        )
        self.outputs = NetworkOutputs(
            vpc_id=self._vpc.id,
            public_subnet_ids=[subnet.id for subnet in public],
            private_subnet_ids=[subnet.id for subnet in private],
            pod_subnet_ids=[subnet.id for subnet in pods],
            isolated_subnet_ids=[subnet.id for subnet in isolated],
        )
        self.register_outputs(registered(self.outputs))

    def _named(self, *parts: str) -> str:
        return physical_name(self._args.environment, *parts)

    def _create_vpc(self) -> Vpc:
        vpc = Vpc(
            self._named("vpc"),
            cidr_block=self._args.vpc_range,
            # The cluster's private endpoint is a name in a private zone: nodes find it with both settings.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": self._named("vpc")},
            opts=self._child,
        )
        # Adopted without rules, so that nothing that forgets its security group can talk to anyone.
        DefaultSecurityGroup(
            self._named("default"),
            vpc_id=vpc.id,
            ingress=[],
            egress=[],
            tags={"Name": self._named("default-unused")},
            opts=self._child,
        )
        return vpc

    def _add_pod_ranges(self) -> list[VpcIpv4CidrBlockAssociation]:
        return [
            VpcIpv4CidrBlockAssociation(
                self._named("pods", subnet.zone),
                vpc_id=self._vpc.id,
                cidr_block=str(subnet.address_range),
                opts=self._child,
            )
            for subnet in self._args.plan.pods
        ]

    def _create_subnets(
        self,
        kind: str,
        plan: tuple[planning.Subnet, ...],
        tags: dict[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> list[Subnet]:
        return [
            Subnet(
                self._named(kind, subnet.zone),
                vpc_id=self._vpc.id,
                cidr_block=str(subnet.address_range),
                availability_zone=subnet.zone,
                map_public_ip_on_launch=False,
                tags={"Name": self._named(kind, subnet.zone), **tags},
                opts=opts or self._child,
            )
            for subnet in plan
        ]

    def _create_table(self, name: str, subnets: list[Subnet]) -> RouteTable:
        table = RouteTable(name, vpc_id=self._vpc.id, tags={"Name": name}, opts=self._child)
        for number, subnet in enumerate(subnets):
            RouteTableAssociation(
                f"{name}-{number}", route_table_id=table.id, subnet_id=subnet.id, opts=self._child
            )
        return table

    def _create_gateway(self) -> InternetGateway:
        return InternetGateway(
            self._named("internet"),
            vpc_id=self._vpc.id,
            tags={"Name": self._named("internet")},
            opts=self._child,
        )

    def _route_public(self, subnets: list[Subnet], gateway: InternetGateway) -> None:
        table = self._create_table(self._named("public"), subnets)
        Route(
            self._named("public", "internet"),
            route_table_id=table.id,
            destination_cidr_block=EVERYWHERE,
            gateway_id=gateway.id,
            opts=self._child,
        )

    def _route_private(
        self, public: list[Subnet], private: list[Subnet], pods: list[Subnet], internet: InternetGateway
    ) -> list[RouteTable]:
        """One table per zone, so that traffic stays in its zone as soon as each has its own gateway."""
        zones = [subnet.zone for subnet in self._args.plan.private]
        hosts = list(zip(zones, public, strict=True))
        gateways = [
            self._create_nat(zone, subnet, internet)
            for zone, subnet in (hosts if self._args.nat_per_zone else hosts[:1])
        ]
        tables = []
        for number, (zone, *subnets) in enumerate(zip(zones, private, pods, strict=True)):
            table = self._create_table(self._named("private", zone), subnets)
            Route(
                self._named("private", zone, "nat"),
                route_table_id=table.id,
                destination_cidr_block=EVERYWHERE,
                nat_gateway_id=gateways[number % len(gateways)].id,
                opts=self._child,
            )
            tables.append(table)
        return tables

    def _create_nat(self, zone: str, subnet: Subnet, internet: InternetGateway) -> NatGateway:
        """After the internet gateway, and gone before it: nothing else that it is made from says so.

        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/nat_gateway
        """
        name = self._named("nat", zone)
        opts = pulumi.ResourceOptions(parent=self, depends_on=[internet])
        address = Eip(name, domain="vpc", tags={"Name": name}, opts=opts)
        return NatGateway(name, subnet_id=subnet.id, allocation_id=address.id, tags={"Name": name}, opts=opts)

    def _connect(self, tables: list[RouteTable], subnets: list[Subnet]) -> None:
        args = self._args
        connect_s3(
            self._named("s3"),
            vpc_id=self._vpc.id,
            route_table_ids=[table.id for table in tables],
            account=args.account,
            organization_id=args.organization_id,
            opts=self._child,
        )
        connect_services(
            self._named("endpoints"),
            args.endpoints,
            vpc_id=self._vpc.id,
            client_ranges=[args.vpc_range, *(str(subnet.address_range) for subnet in args.plan.pods)],
            subnet_ids=[subnet.id for subnet in subnets],
            account=args.account,
            organization_id=args.organization_id,
            opts=self._child,
        )
        if args.transit_gateway:
            connect_on_premises(
                self._named("on-premises"),
                args.transit_gateway,
                vpc_id=self._vpc.id,
                subnet_ids=[subnet.id for subnet in subnets],
                tables=tables,
                opts=self._child,
            )

    def _route_isolated(self, subnets: list[Subnet]) -> list[RouteTable]:
        return [self._create_table(self._named("isolated"), subnets)]
