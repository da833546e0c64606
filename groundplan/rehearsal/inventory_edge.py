"""What the emulated account holds at its public edge: global services, and what they need of us-east-1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from groundplan.rehearsal.inventory_pages import listed, own_keys, pages

REGION = "us-east-1"
"""Where CloudFront takes certificates, firewalls and log groups from."""


def _certificates(client: Any) -> Iterable[str]:
    found = pages(client, "list_certificates", "CertificateSummaryList")
    return (f"certificates/{one['CertificateArn']}" for one in found)


def _distributions(client: Any) -> Iterable[str]:
    return (
        f"distributions/{one['Id']}"
        for page in client.get_paginator("list_distributions").paginate()
        for one in page["DistributionList"].get("Items", [])
    )


def _firewalls(client: Any) -> Iterable[str]:
    return (f"WebACLs/{one['Name']}" for one in client.list_web_acls(Scope="CLOUDFRONT")["WebACLs"])


def _names(client: Any) -> Iterable[str]:
    return listed(
        client, ("list_hosted_zones", "HostedZones", "Id"), ("list_health_checks", "HealthChecks", "Id")
    )


def _logs(client: Any) -> Iterable[str]:
    yield from listed(client, ("describe_log_groups", "logGroups", "logGroupName"))
    yield from (
        f"deliverySources/{one['name']}" for one in client.describe_delivery_sources()["deliverySources"]
    )
    destinations = client.describe_delivery_destinations()["deliveryDestinations"]
    yield from (f"deliveryDestinations/{one['name']}" for one in destinations)
    yield from (f"deliveries/{one['id']}" for one in client.describe_deliveries()["deliveries"])


LISTERS: Mapping[str, Callable[[Any], Iterable[str]]] = MappingProxyType(
    {
        "acm": _certificates,
        "cloudfront": _distributions,
        "kms": own_keys,
        "logs": _logs,
        "route53": _names,
        "wafv2": _firewalls,
    }
)
"""Service -> what it lists, from a client of `REGION`."""
