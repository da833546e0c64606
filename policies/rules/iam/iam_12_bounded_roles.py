"""IAM-12: no users or long-lived keys; sessions are short, and those from outside have a ceiling."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import ROLE
from policies.rules.iam._trust import is_for_service_accounts, principals_of, trusts

LONG_LIVED = (
    "aws:iam/user:User",
    "aws:iam/accessKey:AccessKey",
    "aws:iam/userLoginProfile:UserLoginProfile",
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential",
)
BOUNDARY = "permissionsBoundary"
SESSION = "maxSessionDuration"
DEFAULT_SESSION_S = 3600


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Neither users nor keys; limits of sessions; a boundary on roles of people and pipelines."""
    if resource.type in LONG_LIVED:
        yield Finding(path="", message="a credential that does not end by itself", key="long-lived")
        return
    outside = any(
        principals_of(statement, kind) and not is_for_service_accounts(statement)
        for statement in trusts(resource)
        for kind in ("AWS", "Federated")
    )
    # Whether there is one can be told before its ARN is known.
    boundary = resource.properties.get(BOUNDARY)
    if outside and not boundary:
        yield Finding(path=BOUNDARY, message="no permissions boundary", key="boundary")
    if isinstance(boundary, str) and boundary.endswith("/AdministratorAccess"):
        yield Finding(path=BOUNDARY, message="a boundary that bounds nothing", key="boundary")
    if resource.view.number(SESSION, DEFAULT_SESSION_S) > context.settings.session_seconds_max:
        message = f"longer than {context.settings.session_seconds_max} s"
        yield Finding(path=SESSION, message=message, key="session")


RULE = Rule(
    id="IAM-12",
    title="No users or long-lived keys; roles of people and pipelines are bounded.",
    severity=Severity.HIGH,
    why="A key that leaked works until somebody notices; a boundary holds whatever policy is attached later.",
    remediation=(
        "Use roles, with the boundary of infra/aws/permissions_boundary.py and sessions within "
        "session_seconds_max."
    ),
    frameworks={
        Framework.CIS_AWS: ("1.14",),
        Framework.HIPAA: ("164.312(a)(2)(i)", "164.308(a)(4)(ii)(B)"),
        Framework.SOC2: ("CC6.1", "CC6.3"),
        Framework.PCI_DSS: ("7.2.5", "8.2.2"),
        Framework.NIST: ("AC-2", "AC-6", "IA-2"),
    },
    equivalents=(
        "CKV_AWS_273",
        "CKV_AWS_40",
        "FSBP IAM.2",
        "prowler:iam_policy_attached_only_to_group_or_roles",
    ),
    enforcement=ALWAYS,
    types=(ROLE, *LONG_LIVED),
    check=check,
)
