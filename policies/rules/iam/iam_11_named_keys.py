"""IAM-11: nobody may decrypt with all keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.core.documents import Statement
from policies.core.principals import pinned
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import IDENTITY_TYPES, allowances, is_ceiling

DECRYPTION = ("kms:Decrypt", "kms:ReEncryptFrom")
ALL_KEYS = re.compile(r"\*|arn:\*|arn:[^:]*:(kms|\*)(:\*|:[^:]*:[^:]*:(\*|(key|alias)/\*))")
ALIAS = "kms:ResourceAliases"


def check(policy: Resource, context: Context) -> Iterator[Finding]:
    """Decryption names keys, or their aliases by a condition. A permissions boundary grants nothing."""
    if is_ceiling(policy, context):
        return
    for statement in allowances(policy):
        if any(statement.covers(action) for action in DECRYPTION) and _all_keys(statement):
            message = "may decrypt with all keys of the account"
            yield Finding(path=statement.path, message=message, key=statement.sid)


def _all_keys(statement: Statement) -> bool:
    wide = bool(statement.not_resources) or any(
        ALL_KEYS.fullmatch(resource) for resource in statement.resources
    )
    return wide and not pinned(statement, ALIAS)


RULE = Rule(
    id="IAM-11",
    title="Nobody may decrypt with all keys of the account.",
    severity=Severity.HIGH,
    why="Keys divide data into classes only as long as no role has them all.",
    remediation="Name the ARNs of the keys, as infra/aws/workload_identity.py does.",
    frameworks={
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: ("3.5.1", "3.6.1", "7.2.1"),
        Framework.NIST: ("SC-12", "AC-6"),
    },
    equivalents=(
        "FSBP KMS.1",
        "FSBP KMS.2",
        "prowler:iam_policy_no_full_access_to_kms",
        "prowler:iam_inline_policy_no_full_access_to_kms",
    ),
    enforcement=FROM_STAGING,
    types=IDENTITY_TYPES,
    check=check,
    needs_stack=True,
)
