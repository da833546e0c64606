"""VPC-01: every VPC has a flow log."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

FLOW_LOG = "aws:ec2/flowLog:FlowLog"


def check(vpc: Resource, context: Context) -> Iterator[Finding]:
    """A flow log names the VPC and a destination; in prod one of them takes all traffic."""
    logs = context.stack.referring(vpc, FLOW_LOG, "vpcId")
    if not logs:
        yield Finding(path="", message=f"no flow log names {vpc.name}", key="none")
        return
    for log in logs:
        if not log.view.named("logDestination"):
            yield Finding(path="logDestination", message=f"{log.name} writes nowhere", key=log.name)
    in_prod = context.environment not in {"dev", "staging"}
    if in_prod and all(log.view.text("trafficType") != "ALL" for log in logs):
        yield Finding(path="trafficType", message="no flow log takes all traffic", key="traffic")


RULE = Rule(
    id="VPC-01",
    title="Every VPC writes flow logs, of all traffic in prod.",
    severity=Severity.MEDIUM,
    why="Without flow logs nobody can tell where stolen data went.",
    remediation="Make VPCs by infra/aws/network.py, which adds a flow log of all traffic.",
    frameworks={
        Framework.CIS_AWS: ("3.7",),
        Framework.HIPAA: ("164.312(b)",),
        Framework.GDPR: (
            "30",
            "32",
        ),
        Framework.SOC2: ("CC7.2",),
        Framework.PCI_DSS: ("10.2.1",),
        Framework.NIST: ("AU-12",),
    },
    equivalents=(
        "CKV2_AWS_11",
        "FSBP EC2.6",
        "prowler:vpc_flow_logs_enabled",
    ),
    enforcement=FROM_STAGING,
    types=("aws:ec2/vpc:Vpc",),
    check=check,
    needs_stack=True,
)
