"""IAM-03: what can be scoped to resources, is."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.documents import Statement
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import IDENTITY_TYPES, allowances, is_ceiling
from policies.rules.iam._unscoped import unscoped_actions

WILD = set("*?")
_FIELDS = 6
"""An ARN has six fields, the last of which may hold colons."""


def check(policy: Resource, context: Context) -> Iterator[Finding]:
    """All resources are meant only where AWS offers none to name. A permissions boundary grants nothing."""
    if is_ceiling(policy, context):
        return
    for statement in allowances(policy):
        if not _means_everything(statement):
            continue
        wide = sorted(action for action in statement.actions if action.lower() not in unscoped_actions())
        if wide or statement.not_actions:
            named = ", ".join(wide) or "actions"
            message = f"allows {named} on all resources, which can be named"
            yield Finding(path=statement.path, message=message, key=statement.sid)


def _means_everything(statement: Statement) -> bool:
    return bool(statement.not_resources) or any(map(_is_everything, statement.resources))


def _is_everything(resource: str) -> bool:
    """Whether a pattern is all of a service, or more."""
    fields = resource.split(":", _FIELDS - 1)
    return set(fields[-1]) <= WILD or (len(fields) < _FIELDS and fields[-1][-1] in WILD)


RULE = Rule(
    id="IAM-03",
    title="Policies name the resources of every action that can be scoped.",
    severity=Severity.HIGH,
    why="A role for one bucket that may read all buckets is a role for all of them.",
    remediation="Name ARNs. If AWS has none for the action, add it to policies/rules/iam/_unscoped.yaml.",
    frameworks={
        Framework.HIPAA: ("164.308(a)(4)(ii)(B)", "164.312(a)(1)"),
        Framework.GDPR: ("25",),
        Framework.SOC2: ("CC6.3",),
        Framework.PCI_DSS: ("7.2.1", "7.2.2"),
        Framework.NIST: ("AC-6",),
    },
    equivalents=("CKV_AWS_355", "CKV_AWS_290"),
    enforcement=FROM_STAGING,
    types=IDENTITY_TYPES,
    check=check,
    needs_stack=True,
)
