"""AI-03: what a model was stays readable and unchanged, under a key of its own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.ai._buckets import (
    BUCKET,
    ENCRYPTION,
    VERSIONING,
    configuring,
    data_class,
    keys_of,
)

CLASSES = ("models", "checkpoints")
"""What training writes: one key may serve both."""


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """Versions are kept, encryption is by KMS, and the key opens no other data."""
    if data_class(bucket) != CLASSES[0]:
        return
    states = [
        each.text("versioningConfiguration.status") for each in configuring(bucket, context, VERSIONING)
    ]
    if "Enabled" not in states:
        yield Finding(path="", message="an overwritten model is gone: no versioning", key="versioning")
    algorithms = [
        rule.text("applyServerSideEncryptionByDefault.sseAlgorithm")
        for each in configuring(bucket, context, ENCRYPTION)
        for rule in each.objects("rules")
    ]
    keys = keys_of(bucket, context)
    if not keys or not all(each.startswith("aws:kms") for each in algorithms):
        yield Finding(path="", message="not encrypted with a KMS key of this account", key="encryption")
    for other in context.stack.of(BUCKET):
        if data_class(other) not in CLASSES and keys & keys_of(other, context):
            yield Finding(path="", message=f"shares its key with {other.name}", key=other.name)


RULE = Rule(
    id="AI-03",
    title="Models are versioned and encrypted with a key that opens no other data.",
    severity=Severity.HIGH,
    why="Who may read source data must not be able to read or replace a model; and a release can be undone.",
    remediation="Make the bucket by infra/aws/lake.py, which uses the key of models.",
    frameworks={
        Framework.HIPAA: ("164.312(a)(2)(iv)", "164.312(c)(1)"),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("CC6.1", "PI1.5"),
        Framework.NIST: ("SC-12", "SC-28", "SI-7"),
    },
    enforcement=FROM_STAGING,
    types=(BUCKET,),
    check=check,
    needs_stack=True,
)
