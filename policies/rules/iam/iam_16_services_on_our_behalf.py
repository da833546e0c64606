"""IAM-16: resources let services in only on our behalf."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.documents import Statement
from policies.core.principals import pinned
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._resource_policies import PROPERTIES
from policies.rules.iam._trust import principals_of

DOCUMENTS = {
    **PROPERTIES,
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:kms/key:Key": "policy",
    "aws:kms/keyPolicy:KeyPolicy": "policy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
}
SOURCES = ("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "kms:CallerAccount")
CONTEXT = "kms:encryptioncontext:"
"""Services that encrypt for one resource name its ARN here, e.g. CloudWatch Logs."""


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Every service in its policy is held to our account, or to a resource by its ARN."""
    del context
    for statement in resource.view.statements(DOCUMENTS[resource.type]):
        if statement.allow and principals_of(statement, "Service") and not _held(statement):
            message = "no condition says for whom the service works"
            yield Finding(path=statement.path, message=message, key=statement.sid)


def _held(statement: Statement) -> bool:
    contexts = [key for _, key in statement.conditions if key.startswith(CONTEXT) and key.endswith("arn")]
    return bool(pinned(statement, *SOURCES, *contexts))


RULE = Rule(
    id="IAM-16",
    title="Resource policies let services in only on behalf of our account.",
    severity=Severity.MEDIUM,
    why="Services serve everybody: a stranger could have one write into our bucket or publish to our topic.",
    remediation="Add a condition on aws:SourceAccount or aws:SourceArn to the statement.",
    frameworks={
        Framework.SOC2: ("CC6.1", "CC6.3"),
        Framework.PCI_DSS: ("7.3.1",),
        Framework.NIST: ("AC-3",),
    },
    enforcement=FROM_STAGING,
    types=tuple(DOCUMENTS),
    check=check,
)
