"""Where metrics come from: the managed collector of Amazon Managed Service for Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi import Input, Output
from pulumi_aws.amp.scraper import Scraper
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.vpc.security_group_egress_rule import SecurityGroupEgressRule
from pulumi_aws.vpc.security_group_ingress_rule import SecurityGroupIngressRule

from infra.aws.client_groups import create_group
from infra.conventions import METRICS_PORT, ComponentType, physical_name, registered

CONFIGURATION_FILE = Path(__file__).with_name("scrape_configuration.yaml")
"""What is scraped, how often, and what of it is kept."""
_PORTS = {"API server": 443, "Metrics of pods": METRICS_PORT}
"""All that the collector reaches. It asks for a node's containers by way of the API server."""


@dataclass(frozen=True, kw_only=True)
class MetricsCollectorArgs:
    """What a collector is made from.

    Args:
        environment: part of every name.
        vpc_id: the network.
        subnet_ids: the cluster's own, in at least two zones: it gets a network interface in each.
        cluster_arn: the cluster that is scraped; its private endpoint must be on.
        cluster_security_group_id: the group of control plane and nodes.
        workspace_arn: where samples go.
    """

    environment: str
    vpc_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    cluster_arn: Input[str]
    cluster_security_group_id: Input[str]
    workspace_arn: Input[str]


@dataclass(frozen=True, kw_only=True)
class MetricsCollectorOutputs:
    """The collector."""

    arn: Output[str]


class MetricsCollector(pulumi.ComponentResource):
    """Scrapes the cluster from outside: no pod of ours collects, holds or forwards metrics.

    AWS makes its service-linked role, and for that an access entry with AmazonPrometheusScraperPolicy; both
    go with the collector. EKS lets nobody else make an entry for such a role. Samples leave on AWS' side:
    neither NAT nor an endpoint of ours is in their way.

    https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-collector-how-to.html
    """

    def __init__(
        self, name: str, args: MetricsCollectorArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(ComponentType.METRICS_COLLECTOR, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._name = physical_name(args.environment, "metrics-collector")
        group = create_group(
            self._name,
            description="The collector of metrics",
            vpc_id=args.vpc_id,
            opts=self._child,
        )
        rules = [rule for service, port in _PORTS.items() for rule in self._let_reach(group, service, port)]
        scraper = self._create_scraper(group, rules)
        self.outputs = MetricsCollectorOutputs(arn=scraper.arn)
        self.register_outputs(registered(self.outputs))

    def _let_reach(self, group: SecurityGroup, service: str, port: int) -> list[pulumi.Resource]:
        """The way out of its group, and the way into the cluster's."""
        cluster = self._args.cluster_security_group_id
        return [
            self._open(SecurityGroupEgressRule, group.id, cluster, service, port),
            self._open(SecurityGroupIngressRule, cluster, group.id, service, port),
        ]

    def _open(
        self,
        kind: type[SecurityGroupEgressRule | SecurityGroupIngressRule],
        group_id: Input[str],
        peer: Input[str],
        service: str,
        port: int,
    ) -> pulumi.Resource:
        return kind(
            f"{self._name}-{port}",
            security_group_id=group_id,
            description=f"{service} for the collector of metrics",
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=peer,
            opts=self._child,
        )

    def _create_scraper(self, group: SecurityGroup, rules: list[pulumi.Resource]) -> Scraper:
        args = self._args
        return Scraper(
            self._name,
            alias=self._name,
            source={
                "eks": {
                    "cluster_arn": args.cluster_arn,
                    "subnet_ids": args.subnet_ids,
                    "security_group_ids": [group.id],
                }
            },
            destination={"amp": {"workspace_arn": args.workspace_arn}},
            scrape_configuration=CONFIGURATION_FILE.read_text(encoding="utf-8"),
            # What it cannot reach, it takes for down.
            opts=pulumi.ResourceOptions(parent=self, depends_on=rules),
        )
