"""IAM-04: nobody gets AWS's own policies for administrators."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import ATTACHMENTS, ROLE

FORBIDDEN = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
EXCLUSIVE = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
PROPERTIES = {
    **dict.fromkeys(ATTACHMENTS, "policyArn"),
    ROLE: "managedPolicyArns",
    EXCLUSIVE: "policyArns",
}


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """No attachment, and no role's own list, names one of them."""
    del context
    prop = PROPERTIES[resource.type]
    for arn in resource.view.texts(prop):
        name = arn.rpartition("/")[2]
        if arn.split(":")[4:5] == ["aws"] and name.startswith(FORBIDDEN):
            yield Finding(path=prop, message=f"attaches {name}", key=name)


RULE = Rule(
    id="IAM-04",
    title="Nobody gets AWS's own policies for administrators.",
    severity=Severity.CRITICAL,
    why="With one of them a role holds the account, or can give itself what is missing.",
    remediation="Write a policy with the actions that the role needs.",
    frameworks={
        Framework.CIS_AWS: ("1.15",),
        Framework.HIPAA: ("164.308(a)(4)(ii)(B)", "164.312(a)(1)"),
        Framework.SOC2: ("CC1.3", "CC6.3"),
        Framework.PCI_DSS: ("7.2.1", "7.2.2"),
        Framework.NIST: ("AC-6",),
    },
    equivalents=(
        "CKV_AWS_274",
        "CKV2_AWS_56",
        "prowler:iam_role_administratoraccess_policy",
        "prowler:iam_aws_attached_policy_no_administrative_privileges",
    ),
    enforcement=FROM_STAGING,
    types=tuple(PROPERTIES),
    check=check,
)
