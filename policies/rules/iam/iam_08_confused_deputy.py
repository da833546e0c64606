"""IAM-08: a service takes a role only on our behalf."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.principals import pinned
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import ROLE
from policies.rules.iam._trust import principals_of, trusts

SOURCES = ("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID")
WITHOUT_SOURCE = ("ec2.amazonaws.com", "ec2.amazonaws.com.cn", "s3.amazonaws.com")
"""EC2 sends no source, nor, as documented, does S3 when it replicates: instances and buckets get roles of
their own account only, by PassRole.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html"""


def check(role: Resource, context: Context) -> Iterator[Finding]:
    """Every service that can say for whom it works is held to our account or resource."""
    del context
    for statement in trusts(role):
        services = set(principals_of(statement, "Service")) - set(WITHOUT_SOURCE)
        if services and not pinned(statement, *SOURCES):
            message = "no condition says for whom the service works"
            yield Finding(path=statement.path, message=message, key=statement.sid)


RULE = Rule(
    id="IAM-08",
    title="A service takes a role only on behalf of our account.",
    severity=Severity.MEDIUM,
    why="Services serve everybody: a stranger could ask one to use our role.",
    remediation=(
        "Add a condition on aws:SourceAccount or aws:SourceArn, see service_trust in infra/aws/documents.py."
    ),
    frameworks={
        Framework.SOC2: ("CC6.3",),
        Framework.PCI_DSS: ("7.3.1",),
        Framework.NIST: ("AC-3",),
    },
    equivalents=(
        "prowler:iam_role_cross_service_confused_deputy_prevention",
        "prowler:iam_role_service_trust_restricts_source_to_account",
    ),
    enforcement=FROM_STAGING,
    types=(ROLE,),
    check=check,
)
