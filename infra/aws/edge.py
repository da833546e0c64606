"""The public edge: a name, CloudFront with a firewall, and the way to a healthy region behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
from pulumi import Output
from pulumi_aws.cloudfront.distribution import Distribution
from pulumi_aws.cloudwatch.log_delivery import LogDelivery
from pulumi_aws.cloudwatch.log_delivery_destination import LogDeliveryDestination
from pulumi_aws.cloudwatch.log_delivery_source import LogDeliverySource
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.provider import Provider
from pulumi_aws.route53.record import Record
from pulumi_aws.route53.zone import Zone

from infra.aws import key_policies
from infra.aws.account import Account
from infra.aws.edge_names import Region, certify, lead_to_region
from infra.aws.keys import create_key
from infra.aws.web_acl import create_web_acl
from infra.conventions import PROJECT, ComponentType, physical_name, registered

EDGE_REGION = "us-east-1"
"""Where CloudFront takes certificates, firewalls and keys of its logs from, whatever region is behind it."""
_UNCACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
_ALL_OF_THE_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
_SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
"""Policies that AWS maintains: CachingDisabled, AllViewer, SecurityHeadersPolicy.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
"""
_ORIGIN = "region"
_LONGEST_ANSWER_S = 60


@dataclass(frozen=True, kw_only=True)
class EdgeArgs:
    """What the edge is made from.

    Args:
        environment: part of every name.
        account: the account, and the region behind the edge.
        edge_provider: the provider of `us-east-1`.
        administrators: names of the IAM roles that may manage the key of the logs.
        domain: what people call; the gateways' certificate is of this name.
        origin: public name of the region's gateway, which speaks HTTPS.
        standby_origin: what answers for the region while its gateway is not healthy.
        health_path: what the gateway is asked.
        requests_per_address: requests of one address in five minutes above which it is refused.
        price_class: where CloudFront answers.
        log_retention_days: how long the logs are kept.
        protect: refuse to delete the zone and the distribution.
    """

    environment: str
    account: Account
    edge_provider: Provider
    administrators: Sequence[str]
    domain: str
    origin: str
    standby_origin: str
    health_path: str
    requests_per_address: int
    price_class: str
    log_retention_days: int
    protect: bool


@dataclass(frozen=True, kw_only=True)
class EdgeOutputs:
    """The address people call, and the name servers that the zone above has to delegate to."""

    url: str
    distribution_id: Output[str]
    name_servers: Output[Sequence[str]]
    web_acl_arn: Output[str]


class Edge(pulumi.ComponentResource):
    """CloudFront in front of a region: TLS 1.2 at least, a firewall, logs, and failover by health checks.

    Requests keep their `Host`: the gateway, and the standby, need a public certificate of `domain`. Health
    checks come under the gateway's own name, and do not look at its certificate.

    The gateway should let in AWS' prefix lists `com.amazonaws.global.cloudfront.origin-facing` and
    `com.amazonaws.<region>.route53-healthchecks`, and nobody else. That is not enough, for everybody's
    distributions are on the first: it should refuse any `Host` but `domain`, except for the health checks.
    Proof that it was this distribution is mutual TLS or a header with a secret, which the gateway's owner has
    to arrange and keep: a secret that was made here would be in the state.
    """

    def __init__(self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.EDGE, name, None, opts)
        self._args = args
        self._name = physical_name(args.environment, "edge")
        self._child = pulumi.ResourceOptions(parent=self)
        self._guarded = pulumi.ResourceOptions(parent=self, protect=args.protect)
        self._in_us = pulumi.ResourceOptions(parent=self, provider=args.edge_provider)
        zone = Zone(
            self._name,
            name=args.domain,
            comment=f"Public names of {args.environment}",
            force_destroy=False,
            opts=self._guarded,
        )
        waf_logs, access_logs = self._create_log_groups()
        web_acl_arn = create_web_acl(
            self._name,
            requests_per_address=args.requests_per_address,
            log_group_arn=waf_logs.arn,
            opts=self._in_us,
        )
        distribution = self._create_distribution(zone, web_acl_arn)
        self._deliver_logs(distribution, access_logs)
        self._name_it(zone, distribution)
        self.outputs = EdgeOutputs(
            url=f"https://{args.domain}",
            distribution_id=distribution.id,
            name_servers=zone.name_servers,
            web_acl_arn=web_acl_arn,
        )
        self.register_outputs(registered(self.outputs))

    def _create_log_groups(self) -> tuple[LogGroup, LogGroup]:
        """Logs of the firewall and of requests, with a key in their own region."""
        args = self._args
        # WAF takes no other beginning of a name.
        names = [f"aws-waf-logs-{self._name}", f"/{PROJECT}/{args.environment}/edge"]
        us = replace(args.account, region=EDGE_REGION)
        key = create_key(
            self._name,
            protects="logs of requests from the internet",
            policy=key_policies.key_policy(
                us, args.administrators, key_policies.used_by_log_groups(us, names)
            ),
            data_class="logs",
            protect=args.protect,
            opts=self._in_us,
        )
        waf, access = (
            LogGroup(
                f"{self._name}-{purpose}",
                name=group,
                retention_in_days=args.log_retention_days,
                kms_key_id=key.arn,
                opts=self._in_us,
            )
            for purpose, group in zip(("firewall", "requests"), names, strict=True)
        )
        return waf, access

    def _create_distribution(self, zone: Zone, web_acl_arn: Output[str]) -> Distribution:
        """Nothing is cached: answers belong to who asked."""
        args = self._args
        region = Region(
            name=args.account.region,
            origin=args.origin,
            standby_origin=args.standby_origin,
            health_path=args.health_path,
        )
        certificate_arn = certify(self._name, zone, args.domain, opts=self._child, certificates=self._in_us)
        return Distribution(
            self._name,
            enabled=True,
            comment=self._name,
            aliases=[args.domain],
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class=args.price_class,
            web_acl_id=web_acl_arn,
            origins=[
                {
                    "origin_id": _ORIGIN,
                    "domain_name": lead_to_region(self._name, zone, args.domain, region, self._child),
                    "connection_attempts": 3,
                    "connection_timeout": 5,
                    "custom_origin_config": {
                        "http_port": 80,
                        "https_port": 443,
                        "origin_protocol_policy": "https-only",
                        "origin_ssl_protocols": ["TLSv1.2"],
                        "origin_read_timeout": _LONGEST_ANSWER_S,
                        "origin_keepalive_timeout": 60,
                    },
                }
            ],
            default_cache_behavior={
                "target_origin_id": _ORIGIN,
                "viewer_protocol_policy": "https-only",
                "allowed_methods": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
                "cached_methods": ["GET", "HEAD"],
                "compress": True,
                "cache_policy_id": _UNCACHED,
                "origin_request_policy_id": _ALL_OF_THE_VIEWER,
                "response_headers_policy_id": _SECURITY_HEADERS,
            },
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={
                "acm_certificate_arn": certificate_arn,
                "ssl_support_method": "sni-only",
                "minimum_protocol_version": "TLSv1.2_2021",
            },
            tags={"Name": self._name},
            opts=self._guarded,
        )

    def _deliver_logs(self, distribution: Distribution, group: LogGroup) -> None:
        """By the deliveries of CloudWatch: the older way needs a bucket with access lists."""
        source = LogDeliverySource(
            self._name,
            name=self._name,
            log_type="ACCESS_LOGS",
            resource_arn=distribution.arn,
            opts=self._in_us,
        )
        destination = LogDeliveryDestination(
            self._name,
            name=self._name,
            output_format="json",
            delivery_destination_configuration={"destination_resource_arn": group.arn},
            opts=self._in_us,
        )
        LogDelivery(
            self._name,
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            opts=self._in_us,
        )

    def _name_it(self, zone: Zone, distribution: Distribution) -> None:
        for type_ in ("A", "AAAA"):
            Record(
                f"{self._name}-{type_.lower()}",
                zone_id=zone.zone_id,
                name=self._args.domain,
                type=type_,
                aliases=[
                    {
                        "name": distribution.domain_name,
                        "zone_id": distribution.hosted_zone_id,
                        "evaluate_target_health": False,
                    }
                ],
                opts=self._child,
            )
