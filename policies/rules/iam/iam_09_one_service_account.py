"""IAM-09: a pod's role belongs to one service account."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.core.documents import Statement
from policies.core.principals import pinned
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.iam._documents import ROLE
from policies.rules.iam._trust import PODS, claim, is_for_service_accounts, principals_of, trusts

SUBJECT = re.compile(r"system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+")
AUDIENCES = ({"sts.amazonaws.com"}, {"sts.amazonaws.com.cn"})
POD_TAGS = ("aws:RequestTag/kubernetes-namespace", "aws:RequestTag/kubernetes-service-account")


def check(role: Resource, context: Context) -> Iterator[Finding]:
    """By tokens (IRSA): exact subject and audience. By Pod Identity: exact namespace and account."""
    del context
    for statement in trusts(role):
        if is_for_service_accounts(statement):
            yield from _by_token(statement)
        elif PODS in principals_of(statement, "Service"):
            for tag in POD_TAGS:
                if len(pinned(statement, tag)) != 1:
                    message = f"not held to one value of {tag}"
                    yield Finding(path=statement.path, message=message, key=statement.sid)


def _by_token(statement: Statement) -> Iterator[Finding]:
    subjects = claim(statement, "sub")
    if not subjects or not all(SUBJECT.fullmatch(subject) for subject in subjects):
        message = "the token's sub is not an exact namespace and service account"
        yield Finding(path=statement.path, message=message, key=statement.sid)
    if set(claim(statement, "aud")) not in AUDIENCES:
        message = "the token's aud is not held to STS"
        yield Finding(path=statement.path, message=message, key=statement.sid)


RULE = Rule(
    id="IAM-09",
    title="A pod's role can be taken by its own service account only.",
    severity=Severity.CRITICAL,
    why="With a pattern in the subject, one tenant's pod takes another tenant's role.",
    remediation="Make roles by infra/aws/workload_identity.py, or pin sub and aud by StringEquals.",
    frameworks={
        Framework.CIS_EKS: ("5.2.1",),
        Framework.SOC2: ("CC6.1", "CC6.3"),
        Framework.PCI_DSS: ("7.2.5",),
        Framework.NIST: ("IA-2", "AC-6"),
    },
    enforcement=ALWAYS,
    types=(ROLE,),
    check=check,
)
