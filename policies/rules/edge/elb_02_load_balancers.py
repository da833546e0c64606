"""ELB-02: load balancers log, refuse malformed headers, and have a firewall."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"


def check(balancer: Resource, context: Context) -> Iterator[Finding]:
    """Logs of all; headers and the firewall of those that read HTTP."""
    view = balancer.view
    if not view.flag("accessLogs.enabled") or not view.named("accessLogs.bucket"):
        yield Finding(path="accessLogs", message="nobody can tell who came", key="logs")
    if view.text("loadBalancerType", "application") != "application":
        return
    if not view.flag("dropInvalidHeaderFields"):
        path = "dropInvalidHeaderFields"
        yield Finding(path=path, message="passes malformed headers on", key="headers")
    public = not view.flag("internal")
    if public and not context.stack.referring(balancer, ASSOCIATION, "resourceArn", by=("arn",)):
        yield Finding(path="internal", message="on the internet without a web firewall", key="firewall")


RULE = Rule(
    id="ELB-02",
    title=("Load balancers write access logs and drop malformed headers; public ones have a web firewall."),
    severity=Severity.MEDIUM,
    why="What comes in here is the only trace of an attack, and the first place to stop it.",
    remediation=(
        "Set access_logs and drop_invalid_header_fields; associate a WebAcl with load balancers "
        "that are not internal."
    ),
    frameworks={
        Framework.GDPR: ("30",),
        Framework.SOC2: (
            "CC7.2",
            "CC6.6",
        ),
        Framework.PCI_DSS: (
            "6.4.2",
            "10.2.1",
        ),
        Framework.NIST: (
            "AU-12",
            "SC-7",
            "SI-10",
        ),
    },
    equivalents=(
        "CKV_AWS_91",
        "CKV_AWS_131",
        "CKV2_AWS_28",
        "FSBP ELB.4",
        "FSBP ELB.5",
        "FSBP ELB.16",
        "prowler:elbv2_logging_enabled",
        "prowler:elbv2_alb_drop_invalid_header_fields_enabled",
        "prowler:elbv2_waf_acl_attached",
    ),
    enforcement=FROM_STAGING,
    types=(
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:alb/loadBalancer:LoadBalancer",
    ),
    check=check,
    needs_stack=True,
)
