"""CDN-01: CloudFront speaks TLS 1.2 or newer, to callers and to what is behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View

OLDEST = re.compile(r"TLSv1\.[23](_|$)")
"""Security policies of viewers whose oldest protocol is TLS 1.2 or 1.3."""
HTTPS = ("https-only", "redirect-to-https")
SAFE = frozenset({"TLSv1.2", "TLSv1.3"})


def check(distribution: Resource, context: Context) -> Iterator[Finding]:
    """Each behaviour takes HTTPS only, with a certificate of ours; each origin of ours is asked by HTTPS."""
    del context
    view = distribution.view
    if not OLDEST.match(view.text("viewerCertificate.minimumProtocolVersion")):
        path = "viewerCertificate.minimumProtocolVersion"
        yield Finding(path=path, message="lets callers use TLS before 1.2", key="viewer")
    for behaviour in (view.object("defaultCacheBehavior"), *view.objects("orderedCacheBehaviors")):
        if behaviour.text("viewerProtocolPolicy") not in HTTPS:
            path = behaviour.where("viewerProtocolPolicy")
            yield Finding(path=path, message="answers plain HTTP", key=behaviour.path)
    for origin in view.objects("origins"):
        custom = origin.object("customOriginConfig")
        if custom.keys():
            yield from _judge(custom, origin.path)


def _judge(origin: View, key: str) -> Iterator[Finding]:
    if origin.text("originProtocolPolicy") != "https-only":
        path = origin.where("originProtocolPolicy")
        yield Finding(path=path, message="the origin is asked by plain HTTP", key=key)
    protocols = frozenset(origin.texts("originSslProtocols"))
    if not protocols or not protocols <= SAFE:
        path = origin.where("originSslProtocols")
        yield Finding(path=path, message="the origin is asked by TLS before 1.2", key=key)


RULE = Rule(
    id="CDN-01",
    title="CloudFront speaks HTTPS with TLS 1.2 or newer, to callers and to its origins.",
    severity=Severity.HIGH,
    why="Prompts, results and tokens pass it twice: on the way in, and between CloudFront and the region.",
    remediation=(
        "Use a certificate of your own with minimum_protocol_version TLSv1.2_2021 or newer, https-only for"
        " every behaviour, and https-only with TLSv1.2 for origins."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(e)(1)",),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("CC6.7",),
        Framework.PCI_DSS: ("4.2.1",),
        Framework.NIST: ("SC-8", "SC-23"),
    },
    equivalents=(
        "CKV_AWS_34",
        "CKV_AWS_174",
        "CKV2_AWS_42",
        "CKV2_AWS_54",
        "CKV2_AWS_72",
        "FSBP CloudFront.3",
        "FSBP CloudFront.7",
        "FSBP CloudFront.9",
        "FSBP CloudFront.10",
        "prowler:cloudfront_distributions_https_enabled",
        "prowler:cloudfront_distributions_using_deprecated_ssl_protocols",
        "prowler:cloudfront_distributions_origin_traffic_encrypted",
        "prowler:cloudfront_distributions_custom_ssl_certificate",
    ),
    enforcement=FROM_STAGING,
    types=("aws:cloudfront/distribution:Distribution",),
    check=check,
)
