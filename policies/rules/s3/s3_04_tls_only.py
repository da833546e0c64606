"""S3-04: buckets refuse requests without TLS, and with an old one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from policies.core.documents import Statement
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.s3._buckets import BUCKET, POLICY, settings_of

OLDEST_TLS = 1.2
ANY = "bucket"
"""Stands for a name that is not known yet."""


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """Its policy denies everybody everything on bucket and objects, without TLS and with one before 1.2."""
    policies = settings_of(bucket, context, POLICY)
    denials = [
        statement
        for policy in policies
        for statement in policy.view.statements("policy")
        if _denies_all(statement, bucket.properties.get("bucket"))
    ]
    where = "policy" if policies else ""
    if not any(_without_tls(statement) for statement in denials):
        yield Finding(path=where, message="requests without TLS are not refused", key="plain")
    if not any(_old_tls(statement) for statement in denials):
        yield Finding(path=where, message=f"TLS before {OLDEST_TLS} is not refused", key="old")


def _denies_all(statement: Statement, name: object) -> bool:
    """Whether nobody and nothing of the bucket is left out."""
    everything = bool({"*", "s3:*"} & set(statement.actions))
    bucket = name if isinstance(name, str) else ANY
    patterns = [_target(pattern, known=bucket is not ANY) for pattern in statement.resources]
    both = all(
        any(fnmatchcase(target, pattern) for pattern in patterns) for target in (bucket, f"{bucket}/object")
    )
    return not statement.allow and statement.anybody and everything and both


def _target(pattern: str, *, known: bool) -> str:
    """What an ARN says after `:::`; without the bucket's name where Pulumi will make it."""
    target = pattern.rpartition(":::")[2]
    return target if known or target == "*" else f"{ANY}{''.join(target.partition('/')[1:])}"


def _without_tls(statement: Statement) -> bool:
    refused = statement.values("aws:SecureTransport") == ("false",)
    return refused and _only(statement, ("bool", "aws:securetransport"))


def _old_tls(statement: Statement) -> bool:
    if not _only(statement, ("numericlessthan", "s3:tlsversion")):
        return False
    versions = statement.values("s3:TlsVersion")
    return bool(versions) and all(
        re.fullmatch(r"[0-9]+(\.[0-9]+)?", version) and float(version) >= OLDEST_TLS for version in versions
    )


def _only(statement: Statement, condition: tuple[str, str]) -> bool:
    """Whether this is the one condition, so that nothing else narrows the denial."""
    found = [(operator.lower().removesuffix("ifexists"), key) for operator, key in statement.conditions]
    return found == [condition]


RULE = Rule(
    id="S3-04",
    title="Buckets refuse requests without TLS, and with one older than 1.2.",
    severity=Severity.HIGH,
    why="S3 answers plain HTTP; what it carries can be read and changed on the way.",
    remediation="Add the statements of bucket_policies.tls_only to the bucket's policy.",
    frameworks={
        Framework.CIS_AWS: ("2.1.1",),
        Framework.HIPAA: ("164.312(e)(1)", "164.312(e)(2)(i)"),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("CC6.7",),
        Framework.PCI_DSS: ("4.2.1",),
        Framework.NIST: ("SC-8",),
    },
    equivalents=("FSBP S3.5", "prowler:s3_bucket_secure_transport_policy"),
    enforcement=ALWAYS,
    types=(BUCKET,),
    check=check,
    needs_stack=True,
)
