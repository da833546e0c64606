"""CDN-03: a bucket behind CloudFront is read through CloudFront only."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(distribution: Resource, context: Context) -> Iterator[Finding]:
    """Whatever is no server of ours is a bucket, and is asked with CloudFront's own signature."""
    del context
    for origin in distribution.view.objects("origins"):
        server = origin.object("customOriginConfig").keys() or origin.object("vpcOriginConfig").keys()
        if not server and not origin.named("originAccessControlId"):
            path = origin.where("originAccessControlId")
            yield Finding(path=path, message="the bucket has to be open for others, too", key=origin.path)


RULE = Rule(
    id="CDN-03",
    title="CloudFront reads buckets by an origin access control.",
    severity=Severity.HIGH,
    why="A bucket that CloudFront reads without a signature is one that everybody reads, past the firewall.",
    remediation=(
        "Create an OriginAccessControl, name it in the origin, and allow the distribution in the bucket's "
        "policy."
    ),
    frameworks={
        Framework.SOC2: ("CC6.1", "CC6.6"),
        Framework.PCI_DSS: ("1.4.2", "7.3.1"),
        Framework.NIST: ("AC-3", "SC-7"),
    },
    equivalents=(
        "CKV2_AWS_46",
        "FSBP CloudFront.13",
        "prowler:cloudfront_distributions_s3_origin_access_control",
    ),
    enforcement=ALWAYS,
    types=("aws:cloudfront/distribution:Distribution",),
    check=check,
)
