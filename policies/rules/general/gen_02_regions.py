"""GEN-02: data lies in the regions that were agreed on."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity

PROVIDER = "pulumi:providers:aws"
GLOBAL = "us-east-1"
GLOBAL_TYPES = ("acm", "budgets", "cloudfront", "costexplorer", "cur", "iam", "route53", "shield", "wafv2")
"""Services whose settings AWS takes in us-east-1, for all regions."""


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """The provider's region, a resource's own, and those that it is copied to."""
    view = resource.view
    allowed = context.settings.regions
    if resource.type == PROVIDER:
        region = view.text("region")
        if region and region not in allowed:
            yield Finding(path="region", message="not in the list of regions", key="region")
        elif not region:
            yield Finding(path="region", message="takes whatever region the shell names", key="region")
    else:
        service = resource.type.split(":")[1].partition("/")[0]
        if service not in GLOBAL_TYPES:
            allowed = tuple(region for region in allowed if region != GLOBAL)
        for path, region in _own(resource):
            if region and region not in allowed:
                yield Finding(path=path, message="not in the list of regions for data", key=path)


def _own(resource: Resource) -> Iterator[tuple[str, str]]:
    view = resource.view
    yield "region", view.text("region")
    if isinstance(resource.properties.get("replicas"), list):
        for replica in view.objects("replicas"):
            for key in ("region", "regionName"):
                yield replica.where(key), replica.text(key)


RULE = Rule(
    id="GEN-02",
    title="Providers, resources and replicas are in regions of the list.",
    severity=Severity.HIGH,
    why="Personal data in another region may be a transfer to a third country.",
    remediation=("Use a region of regions in policies/settings.yaml; us-east-1 is for global settings only."),
    frameworks={Framework.GDPR: ("44",), Framework.SOC2: ("C1.1",), Framework.NIST: ("SA-9",)},
    equivalents=("prowler:organizations_scp_check_deny_regions",),
    enforcement=ALWAYS,
    types=("aws:*", PROVIDER),
    check=check,
)
