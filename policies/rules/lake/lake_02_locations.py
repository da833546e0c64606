"""LAKE-02: Lake Formation alone hands out the data of tables."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity


def check(location: Resource, context: Context) -> Iterator[Finding]:
    """By a role of ours, and not beside what IAM and buckets allow."""
    del context
    view = location.view
    if not view.named("roleArn"):
        message = "lent out by the service's own role, whose rights grow by themselves"
        yield Finding(path="roleArn", message=message, key="role")
    for path, message in (
        ("hybridAccessEnabled", "who has no grant reads by IAM"),
        ("withPrivilegedAccess", "who registers it reads all of it"),
    ):
        if view.flag(path):
            yield Finding(path=path, message=message, key=path)


RULE = Rule(
    id="LAKE-02",
    title="Data of tables is handed out by Lake Formation only, with a role of the account's own.",
    severity=Severity.MEDIUM,
    why="In hybrid mode, grants bind only who opted in; everybody else reads past them.",
    remediation=(
        "Register locations with role_arn, without hybrid_access_enabled; see infra/aws/data_locations.py."
    ),
    frameworks={
        Framework.SOC2: ("CC6.1", "CC6.3"),
        Framework.PCI_DSS: ("7.3.1",),
        Framework.NIST: ("AC-3", "AC-6"),
    },
    enforcement=FROM_STAGING,
    types=("aws:lakeformation/resource:Resource",),
    check=check,
)
