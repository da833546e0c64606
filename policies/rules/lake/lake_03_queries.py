"""LAKE-03: results of queries are encrypted, and no query reads without end."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

OURS = ("SSE_KMS", "CSE_KMS")


def check(workgroup: Resource, context: Context) -> Iterator[Finding]:
    """The work group wins over the client; results have our key; what a query reads has a limit."""
    del context
    settings = workgroup.view.object("configuration")
    if not settings.flag("enforceWorkgroupConfiguration", default=True):
        path = settings.where("enforceWorkgroupConfiguration")
        yield Finding(path=path, message="clients choose where results go, and how", key="enforced")
    encryption = settings.object("resultConfiguration.encryptionConfiguration")
    if encryption.text("encryptionOption") not in OURS or not encryption.named("kmsKeyArn"):
        yield Finding(path=encryption.path, message="results have no key of the account's own", key="key")
    if settings.number("bytesScannedCutoffPerQuery") <= 0:
        path = settings.where("bytesScannedCutoffPerQuery")
        yield Finding(path=path, message="one query may read, and cost, without end", key="limit")


RULE = Rule(
    id="LAKE-03",
    title="Queries write results encrypted with a key of the account's own, and read no more than a limit.",
    severity=Severity.MEDIUM,
    why="Results are copies of the tables; AWS bills each byte that a query reads.",
    remediation="Set encryption_configuration SSE_KMS, enforce_workgroup_configuration, and query_limit_gib.",
    frameworks={
        Framework.HIPAA: ("164.312(a)(2)(iv)",),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("C1.1", "CC6.1"),
        Framework.PCI_DSS: ("3.5.1",),
        Framework.NIST: ("SC-6", "SC-28"),
    },
    equivalents=(
        "CKV_AWS_82",
        "CKV_AWS_159",
        "prowler:athena_workgroup_encryption",
        "prowler:athena_workgroup_enforce_configuration",
    ),
    enforcement=FROM_STAGING,
    types=("aws:athena/workgroup:Workgroup",),
    check=check,
)
