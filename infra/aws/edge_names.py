"""Names of the edge: the certificate of the public one, and those that lead to a healthy region."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi import Output
from pulumi_aws.acm.certificate import Certificate
from pulumi_aws.acm.certificate_validation import CertificateValidation
from pulumi_aws.route53.health_check import HealthCheck
from pulumi_aws.route53.record import Record
from pulumi_aws.route53.zone import Zone

_TTL_S = 60
"""How long a resolver may lead to a region that has just failed."""
_VALIDATION_TTL_S = 300


@dataclass(frozen=True, kw_only=True)
class Region:
    """Where requests of one region go.

    Args:
        name: e.g. `eu-central-1`.
        origin: its gateway.
        standby_origin: what answers while the gateway is not healthy.
        health_path: what is asked whether it is.
    """

    name: str
    origin: str
    standby_origin: str
    health_path: str


def certify(
    name: str, zone: Zone, domain: str, *, opts: pulumi.ResourceOptions, certificates: pulumi.ResourceOptions
) -> Output[str]:
    """Create a certificate, prove by DNS that its domain is ours, and return its ARN once it is issued.

    Args:
        name: Pulumi's name of the resources.
        zone: the domain's hosted zone.
        domain: the name on the certificate.
        opts: options of the record.
        certificates: options of the certificate; CloudFront takes those of us-east-1 only.
    """
    certificate = Certificate(
        name,
        domain_name=domain,
        validation_method="DNS",
        tags={"Name": name},
        opts=certificates,
    )
    proof = certificate.domain_validation_options[0]
    record = Record(
        f"{name}-certificate",
        zone_id=zone.zone_id,
        name=proof.resource_record_name,
        type=proof.resource_record_type,
        records=[proof.resource_record_value],
        ttl=_VALIDATION_TTL_S,
        opts=opts,
    )
    issued = CertificateValidation(
        name, certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn], opts=certificates
    )
    return issued.certificate_arn


def lead_to_region(name: str, zone: Zone, domain: str, region: Region, opts: pulumi.ResourceOptions) -> str:
    """Create the records behind CloudFront, and return the name that it asks for.

    `origin.<domain>` is the nearest healthy region: each region's stack adds its record. Below it,
    `<region>.<domain>` is the region's gateway, or the standby while that fails its health check.
    """
    health = HealthCheck(
        name,
        type="HTTPS",
        fqdn=region.origin,
        port=443,
        resource_path=region.health_path,
        request_interval=10,
        failure_threshold=3,
        measure_latency=True,
        enable_sni=True,
        tags={"Name": name},
        opts=opts,
    )
    regional, nearest = f"{region.name}.{domain}", f"origin.{domain}"
    for role, target, check in (
        ("PRIMARY", region.origin, health.id),
        ("SECONDARY", region.standby_origin, None),
    ):
        Record(
            f"{name}-{role.lower()}",
            zone_id=zone.zone_id,
            name=regional,
            type="CNAME",
            ttl=_TTL_S,
            records=[target],
            set_identifier=role.lower(),
            failover_routing_policies=[{"type": role}],
            health_check_id=check,
            opts=opts,
        )
    Record(
        f"{name}-{region.name}",
        zone_id=zone.zone_id,
        name=nearest,
        type="CNAME",
        ttl=_TTL_S,
        records=[regional],
        set_identifier=region.name,
        latency_routing_policies=[{"region": region.name}],
        health_check_id=health.id,
        opts=opts,
    )
    return nearest
