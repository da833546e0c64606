"""WAF-01: web firewalls say what they refused."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"


def check(firewall: Resource, context: Context) -> Iterator[Finding]:
    """A log with a destination, and a metric of each rule."""
    logs = context.stack.referring(firewall, LOGGING, "resourceArn", by=("arn",))
    if not any(each.view.named("logDestinationConfigs.0") for each in logs):
        yield Finding(path="", message="requests that it refused are in no log", key="logs")
    for each in (firewall.view, *firewall.view.objects("rules")):
        if not each.flag("visibilityConfig.cloudwatchMetricsEnabled"):
            path = each.where("visibilityConfig.cloudwatchMetricsEnabled")
            yield Finding(path=path, message="no metric counts what it does", key=each.text("name") or path)


RULE = Rule(
    id="WAF-01",
    title="Web firewalls log requests and count them by rule.",
    severity=Severity.MEDIUM,
    why="Whether a rule stops an attack or the customers cannot be told without them.",
    remediation="Add a WebAclLoggingConfiguration, and cloudwatch_metrics_enabled to each rule.",
    frameworks={
        Framework.SOC2: ("CC7.2",),
        Framework.PCI_DSS: ("10.2.1",),
        Framework.NIST: ("AU-12", "SI-4"),
    },
    equivalents=(
        "CKV2_AWS_31",
        "FSBP WAF.11",
        "FSBP WAF.12",
        "prowler:wafv2_webacl_logging_enabled",
        "prowler:wafv2_webacl_rule_logging_enabled",
    ),
    enforcement=FROM_STAGING,
    types=("aws:wafv2/webAcl:WebAcl",),
    check=check,
    needs_stack=True,
)
