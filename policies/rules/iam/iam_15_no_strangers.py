"""IAM-15: topics, queues, secrets and vaults let no stranger in."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.principals import strangers
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._resource_policies import PROPERTIES, resource_statements


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """No statement of its policy allows everybody, or an account that is neither ours nor trusted."""
    yield from strangers(resource_statements(resource), context)


RULE = Rule(
    id="IAM-15",
    title="Topics, queues, secrets and vaults let in only our account and trusted ones.",
    severity=Severity.CRITICAL,
    why="A resource's own policy opens it past all roles: a secret could be read from anywhere.",
    remediation="Name principals of this account, or add the other account to trusted_accounts.",
    frameworks={
        Framework.HIPAA: ("164.312(a)(1)",),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: ("7.3.1",),
        Framework.NIST: ("AC-3", "AC-6"),
    },
    equivalents=(
        "CKV_AWS_168",
        "CKV_AWS_169",
        "prowler:sns_topics_not_publicly_accessible",
        "prowler:sqs_queues_not_publicly_accessible",
        "prowler:secretsmanager_not_publicly_accessible",
        "prowler:eventbridge_bus_cross_account_access",
        "prowler:cloudwatch_log_group_not_publicly_accessible",
    ),
    enforcement=ALWAYS,
    types=tuple(PROPERTIES),
    check=check,
    needs_stack=True,
)
