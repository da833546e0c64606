"""DET-01: somebody looks for what is open to the world, and for known flaws."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import STACK, Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

ANALYZER = "aws:accessanalyzer/analyzer:Analyzer"
EXTERNAL = ("ACCOUNT", "ORGANIZATION")
"""Types of analyzers that look for access from outside; others look for access that nobody uses."""
INSPECTOR = "aws:inspector2/enabler:Enabler"
SCANNED = ("EC2", "ECR")
HUB = "aws:securityhub/account:Account"
STANDARD = "aws:securityhub/standardsSubscription:StandardsSubscription"


def check(subject: Resource, context: Context) -> Iterator[Finding]:
    """An analyzer of the account, Inspector over nodes and images, and Security Hub with a standard."""
    del subject
    stack = context.stack
    if not any(each.view.text("type", "ACCOUNT") in EXTERNAL for each in stack.of(ANALYZER)):
        yield Finding(path="", message="no Access Analyzer looks for access from outside", key="analyzer")
    scanned = {kind for each in stack.of(INSPECTOR) for kind in each.view.texts("resourceTypes")}
    for kind in SCANNED:
        if kind not in scanned:
            yield Finding(path="", message=f"Inspector does not scan {kind}", key=kind)
    if not stack.of(HUB):
        yield Finding(path="", message="Security Hub is off", key="hub")
    elif not any(each.view.text("standardsArn") for each in stack.of(STANDARD)):
        yield Finding(path="", message="Security Hub checks no standard", key="standard")


RULE = Rule(
    id="DET-01",
    title="Access Analyzer, Inspector and Security Hub are on.",
    severity=Severity.MEDIUM,
    why="A policy that lets strangers in, or an image with a known flaw, is found by whoever looks first.",
    remediation="Keep what infra/aws/detectors.py makes, and one or more of audit.standards.",
    frameworks={
        Framework.CIS_AWS: ("1.19", "4.16"),
        Framework.HIPAA: ("164.308(a)(1)(ii)(A)",),
        Framework.SOC2: ("CC7.1",),
        Framework.PCI_DSS: ("11.3.1",),
        Framework.NIST: ("CA-7", "RA-5"),
    },
    equivalents=(
        "FSBP IAM.28",
        "FSBP Inspector.1",
        "FSBP Inspector.2",
        "prowler:accessanalyzer_enabled",
        "prowler:inspector2_is_enabled",
        "prowler:securityhub_enabled",
    ),
    enforcement=FROM_STAGING,
    types=(STACK,),
    check=check,
    needs_stack=True,
)
