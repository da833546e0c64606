"""The public edge in the emulated account: what moto answers after our amendments."""

from __future__ import annotations

from typing import Any

from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import Emulated

POLICY = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


def _settings(certificate_arn: str) -> dict[str, Any]:
    origin = {
        "Id": "region",
        "DomainName": "origin.ai.example.com",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }
    return {
        "CallerReference": "one",
        "Comment": "one",
        "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": ["ai.example.com"]},
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "region",
            "ViewerProtocolPolicy": "https-only",
            "CachePolicyId": POLICY,
        },
        "ViewerCertificate": {
            "ACMCertificateArn": certificate_arn,
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
    }


def test_a_distribution_is_told_as_it_was_asked_for(aws: Emulated) -> None:
    """A cache policy leaves no room for the older settings, nor our certificate for CloudFront's own."""
    client = checked_client(aws, "cloudfront")
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/one"
    made = client.create_distribution(DistributionConfig=_settings(arn))
    told = made["Distribution"]["DistributionConfig"]
    assert "ForwardedValues" not in told["DefaultCacheBehavior"]
    assert told["DefaultCacheBehavior"]["CachePolicyId"] == POLICY
    certificate = told["ViewerCertificate"]
    assert certificate["CloudFrontDefaultCertificate"] is False
    assert certificate["ACMCertificateArn"] == arn
    assert certificate["MinimumProtocolVersion"] == "TLSv1.2_2021"
    found = made["Distribution"]["Id"]
    assert left(aws, "cloudfront in us-east-1") == [f"distributions/{found}"]
    client.delete_distribution(Id=found, IfMatch=made["ETag"])
    assert left(aws, "cloudfront in us-east-1") == []


def test_the_edge_is_part_of_the_inventory(aws: Emulated) -> None:
    """Names, health checks and what lies in us-east-1."""
    names = aws.client("route53")  # moto's own ids are longer than AWS'
    zone = names.create_hosted_zone(Name="ai.example.com", CallerReference="one")["HostedZone"]["Id"]
    wanted = {"Type": "HTTPS", "FullyQualifiedDomainName": "gateway.example.net", "ResourcePath": "/healthz"}
    check = names.create_health_check(CallerReference="one", HealthCheckConfig=wanted)["HealthCheck"]["Id"]
    assert left(aws, "route53 in us-east-1") == [f"HealthChecks/{check}", f"HostedZones/{zone}"]
    names.delete_health_check(HealthCheckId=check)
    names.delete_hosted_zone(Id=zone)
    assert left(aws, "route53 in us-east-1") == []


def test_a_certificate_is_issued_once_dns_proves_each_of_its_names(aws: Emulated) -> None:
    """And waits for ever without: who forgets a record learns it in the rehearsal."""
    acm, names = checked_client(aws, "acm", "us-east-1"), aws.client("route53")
    arn = acm.request_certificate(
        DomainName="proved.example.com", SubjectAlternativeNames=["*.other.com"], ValidationMethod="DNS"
    )["CertificateArn"]

    def told() -> dict[str, Any]:
        return acm.describe_certificate(CertificateArn=arn)["Certificate"]

    zones = []
    for domain in ("example.com", "other.com"):
        assert told()["Status"] == "PENDING_VALIDATION"
        zones.append(names.create_hosted_zone(Name=domain, CallerReference=domain)["HostedZone"]["Id"])
        for option in told()["DomainValidationOptions"]:
            if option["DomainName"].endswith(domain):
                record = option["ResourceRecord"]
                proof = {"Name": record["Name"], "Type": "CNAME", "TTL": 300}
                proof["ResourceRecords"] = [{"Value": record["Value"]}]
                batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": proof}]}
                names.change_resource_record_sets(HostedZoneId=zones[-1], ChangeBatch=batch)
    assert told()["Status"] == "ISSUED"
    acm.delete_certificate(CertificateArn=arn)
