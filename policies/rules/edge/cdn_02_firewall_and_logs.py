"""CDN-02: CloudFront has a web firewall, and says who asked."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

SOURCE = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
DELIVERY = "aws:cloudwatch/logDelivery:LogDelivery"


def check(distribution: Resource, context: Context) -> Iterator[Finding]:
    """A WebAcl; a bucket of logs, or a delivery of the access logs by CloudWatch."""
    view = distribution.view
    if not view.named("webAclId"):
        yield Finding(path="webAclId", message="on the internet without a web firewall", key="firewall")
    sources = [
        source
        for source in context.stack.referring(distribution, SOURCE, "resourceArn", by=("arn",))
        if source.view.text("logType") == "ACCESS_LOGS"
    ]
    delivered = any(
        context.stack.referring(source, DELIVERY, "deliverySourceName", by=("name",)) for source in sources
    )
    if not delivered and not view.named("loggingConfig.bucket"):
        yield Finding(path="loggingConfig", message="nobody can tell who came", key="logs")


RULE = Rule(
    id="CDN-02",
    title="CloudFront has a web firewall, and its requests are logged.",
    severity=Severity.MEDIUM,
    why="It is the first place to stop an attack, and the only one that sees the address it came from.",
    remediation="Set web_acl_id, and deliver ACCESS_LOGS to a log group; see infra/aws/edge.py.",
    frameworks={
        Framework.GDPR: ("30",),
        Framework.SOC2: ("CC6.6", "CC7.2"),
        Framework.PCI_DSS: ("6.4.2", "10.2.1"),
        Framework.NIST: ("AU-12", "SC-7"),
    },
    equivalents=(
        "CKV_AWS_68",
        "FSBP CloudFront.5",
        "FSBP CloudFront.6",
        "prowler:cloudfront_distributions_using_waf",
        "prowler:cloudfront_distributions_logging_enabled",
    ),
    enforcement=FROM_STAGING,
    types=("aws:cloudfront/distribution:Distribution",),
    check=check,
    needs_stack=True,
)
