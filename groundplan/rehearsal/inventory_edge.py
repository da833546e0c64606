"""What the emulated account holds at its public edge: global services, and what they need of us-east-1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

REGION = "us-east-1"
"""Where CloudFront takes certificates, firewalls and log groups from."""


def _certificates(client: Any) -> Iterable[str]:
    found = client.get_paginator("list_certificates").paginate()
    return (
        f"certificates/{one['CertificateArn']}" for page in found for one in page["CertificateSummaryList"]
    )


def _distributions(client: Any) -> Iterable[str]:
    return (
        f"distributions/{one['Id']}"
        for page in client.get_paginator("list_distributions").paginate()
        for one in page["DistributionList"].get("Items", [])
    )


def _firewalls(client: Any) -> Iterable[str]:
    return (f"WebACLs/{one['Name']}" for one in client.list_web_acls(Scope="CLOUDFRONT")["WebACLs"])


def _names(client: Any) -> Iterable[str]:
    for page in client.get_paginator("list_hosted_zones").paginate():
        yield from (f"HostedZones/{one['Id']}" for one in page["HostedZones"])
    for page in client.get_paginator("list_health_checks").paginate():
        yield from (f"HealthChecks/{one['Id']}" for one in page["HealthChecks"])


def _keys(client: Any) -> Iterable[str]:
    for page in client.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            metadata = client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if metadata["KeyState"] != "PendingDeletion" and metadata.get("KeyManager") != "AWS":
                yield f"Keys/{key['KeyId']}"


def _logs(client: Any) -> Iterable[str]:
    for page in client.get_paginator("describe_log_groups").paginate():
        yield from (f"logGroups/{one['logGroupName']}" for one in page["logGroups"])
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
        "kms": _keys,
        "logs": _logs,
        "route53": _names,
        "wafv2": _firewalls,
    }
)
"""Service -> what it lists, from a client of `REGION`."""
