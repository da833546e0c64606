"""Tests of the public edge."""

from __future__ import annotations

from typing import Any

from tests.unit.infra.recording import dev_estate, prod_estate

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
RECORD = "aws:route53/record:Record"


def _record(name: str) -> dict[str, Any]:
    return prod_estate().one(RECORD, f"groundplan-prod-edge-{name}").inputs


def test_dev_is_not_public() -> None:
    """Without the setting there is no distribution, no zone and no second provider."""
    for type_ in (DISTRIBUTION, "aws:route53/zone:Zone", "aws:wafv2/webAcl:WebAcl"):
        assert not dev_estate().of(type_)
    assert len(dev_estate().of("pulumi:providers:aws")) == 1


def test_tls_is_of_today_on_both_sides() -> None:
    """Callers need TLS 1.2 with modern ciphers and our certificate; the region is asked by TLS as well."""
    distribution = prod_estate().one(DISTRIBUTION).inputs
    assert distribution["viewerCertificate"]["minimumProtocolVersion"] == "TLSv1.2_2021"
    assert "acmCertificateArn" in distribution["viewerCertificate"]
    assert distribution["defaultCacheBehavior"]["viewerProtocolPolicy"] == "https-only"
    [origin] = distribution["origins"]
    assert origin["customOriginConfig"]["originProtocolPolicy"] == "https-only"
    assert origin["customOriginConfig"]["originSslProtocols"] == ["TLSv1.2"]


def test_the_gateway_is_asked_under_the_public_name() -> None:
    """CloudFront compares the gateway's certificate with the Host that it forwards: what people call."""
    behavior = prod_estate().one(DISTRIBUTION).inputs["defaultCacheBehavior"]
    assert behavior["originRequestPolicyId"] == "216adef6-5c7f-47e4-b989-5492eafa07d3", "AllViewer"


def test_what_cloudfront_needs_is_in_us_east_1() -> None:
    """Certificate, firewall and logs go through the second provider, and nothing else does."""
    estate = prod_estate()
    in_us = {one.type.partition(":")[2] for one in estate.resources if "::aws-edge::" in one.provider}
    assert in_us == {
        "acm/certificate:Certificate",
        "acm/certificateValidation:CertificateValidation",
        "cloudwatch/logDelivery:LogDelivery",
        "cloudwatch/logDeliveryDestination:LogDeliveryDestination",
        "cloudwatch/logDeliverySource:LogDeliverySource",
        "cloudwatch/logGroup:LogGroup",
        "kms/key:Key",
        "wafv2/webAcl:WebAcl",
        "wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
    }
    regions = {one.name: one.inputs["region"] for one in estate.of("pulumi:providers:aws")}
    assert regions == {"aws": "eu-central-1", "aws-edge": "us-east-1", "aws-second": "eu-west-1"}


def test_the_firewall_limits_addresses_and_applies_managed_rules() -> None:
    """The limit comes first and blocks; of the managed rules one only counts, for bodies are large here."""
    rules = sorted(
        prod_estate().one("aws:wafv2/webAcl:WebAcl").inputs["rules"], key=lambda one: one["priority"]
    )
    rate = rules[0]["statement"]["rateBasedStatement"]
    assert (rate["limit"], rate["aggregateKeyType"]) == (2000, "IP")
    assert rules[0]["action"] == {"block": {}}
    managed = {one["name"]: one for one in rules[1:]}
    assert {"AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"} <= set(managed)
    counted = [
        override["name"]
        for one in managed.values()
        for override in one["statement"]["managedRuleGroupStatement"].get("ruleActionOverrides", [])
    ]
    assert counted == ["SizeRestrictions_BODY"]
    assert all(one["overrideAction"] == {"none": {}} for one in managed.values())


def test_requests_are_logged_without_keys_of_callers() -> None:
    """Firewall and requests, into encrypted groups with an end."""
    estate = prod_estate()
    groups = [one for one in estate.of("aws:cloudwatch/logGroup:LogGroup") if "-edge-" in one.name]
    assert {one.inputs["name"] for one in groups} == {
        "aws-waf-logs-groundplan-prod-edge",
        "/groundplan/prod/edge",
    }
    assert all(one.inputs["kmsKeyId"] and one.inputs["retentionInDays"] == 365 for one in groups)
    logging = estate.one("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").inputs
    assert [one["singleHeader"]["name"] for one in logging["redactedFields"]] == ["authorization", "cookie"]
    key = estate.one("aws:kms/key:Key", "groundplan-prod-edge")
    assert '"Service": "logs.us-east-1.amazonaws.com"' in key.inputs["policy"]
    assert key.protect


def test_requests_go_to_the_nearest_healthy_region() -> None:
    """CloudFront asks for one name; latency leads to a region, and a failed health check to its standby."""
    [origin] = prod_estate().one(DISTRIBUTION).inputs["origins"]
    nearest, primary, secondary = _record("eu-central-1"), _record("primary"), _record("secondary")
    assert origin["domainName"] == nearest["name"] == "origin.ai.example.com"
    assert nearest["latencyRoutingPolicies"] == [{"region": "eu-central-1"}]
    assert nearest["records"] == [primary["name"]] == [secondary["name"]]
    assert primary["failoverRoutingPolicies"] == [{"type": "PRIMARY"}]
    assert secondary["failoverRoutingPolicies"] == [{"type": "SECONDARY"}]
    assert primary["healthCheckId"] == nearest["healthCheckId"]
    assert "healthCheckId" not in secondary
    check = prod_estate().one("aws:route53/healthCheck:HealthCheck").inputs
    assert (check["type"], check["fqdn"]) == ("HTTPS", primary["records"][0])
    assert check["requestInterval"] == 10


def test_the_public_name_is_cloudfronts() -> None:
    """By both versions of IP, and proved to be ours by DNS."""
    for name in ("a", "aaaa"):
        assert _record(name)["name"] == "ai.example.com"
        assert _record(name)["aliases"][0]["name"] == "groundplan-prod-edge.cloudfront.example"
    assert _record("certificate")["name"].startswith("_proof.")
    assert prod_estate().result["edge"]["url"] == "https://ai.example.com"
