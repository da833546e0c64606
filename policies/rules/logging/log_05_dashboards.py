"""LOG-05: dashboards are opened from private networks only."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity

ACCESS = "networkAccessControl"
LISTS = f"{ACCESS}.prefixListIds"


def check(workspace: Resource, context: Context) -> Iterator[Finding]:
    """Access control is there, and lets in no addresses: Grafana takes lists of public ones alone.

    https://docs.aws.amazon.com/grafana/latest/userguide/AMG-configure-nac.html
    """
    del context
    if ACCESS not in workspace.view:
        yield Finding(path=ACCESS, message="open to every address of the internet", key="open")
    elif workspace.view.texts(LISTS):
        yield Finding(path=LISTS, message="open to addresses of the internet", key="lists")


RULE = Rule(
    id="LOG-05",
    title="Workspaces of managed Grafana are reached through endpoints of a VPC, and in no other way.",
    severity=Severity.HIGH,
    why="A login page on the internet leaves one stolen session between everybody and all metrics.",
    remediation=(
        "Set network_access_control with vpce_ids and an empty list of prefix_list_ids; "
        "see infra/aws/dashboards.py."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(a)(1)",),
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: ("1.4.2",),
        Framework.NIST: ("SC-7",),
    },
    equivalents=(),
    enforcement=ALWAYS,
    types=("aws:grafana/workspace:Workspace",),
    check=check,
)
