"""KMS-05: one key protects one class of data."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity
from policies.rules.kms._keys import KEY
from policies.rules.s3._buckets import BUCKET, ENCRYPTION

WRITERS = {"cloudtrail": "audit", "cfg": "audit", "athena": "lake", "fsx": "lake"}
"""Services that write with a bucket's key: records of calls and settings, results of queries, copies."""
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
"""Names the key of the copies, which are of the bucket's own class."""
NO_USE = ("policy", "assumeRolePolicy", "targetKeyId", "keyId")
"""Properties that speak about a key and encrypt nothing with it."""


def check(key: Resource, context: Context) -> Iterator[Finding]:
    """All that is encrypted with a key belongs together: one service or, in S3, one group of classes."""
    users = [resource for resource in context.stack.resources if _encrypts_with(resource, key)]
    groups = sorted({_group(resource, context) for resource in users})
    if len(groups) > 1:
        yield Finding(path="", message=f"encrypts {', '.join(groups)}", key="classes")


def _encrypts_with(resource: Resource, key: Resource) -> bool:
    return resource.type.startswith("aws:") and any(
        key.urn in urns for prop, urns in resource.property_dependencies.items() if prop not in NO_USE
    )


def _group(resource: Resource, context: Context) -> str:
    """What a resource's data belong to."""
    service = resource.type.split(":")[1].partition("/")[0]
    if service in WRITERS:
        return WRITERS[service]
    if resource.type not in (ENCRYPTION, REPLICATION):
        return service
    for bucket in context.stack.referred(resource, "bucket", BUCKET):
        name = bucket.view.text("tags.DataClass")
        return context.settings.data_class_groups.get(name, name or bucket.name)
    return resource.name


RULE = Rule(
    id="KMS-05",
    title="One key protects one class of data.",
    severity=Severity.MEDIUM,
    why="With a common key, who may read one class may read all; and no class can be shredded alone.",
    remediation=(
        "Give the class a key of its own in infra/aws/encryption.py, or name its group in data_class_groups."
    ),
    frameworks={
        Framework.GDPR: ("32",),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: ("3.6.1",),
        Framework.NIST: ("SC-12",),
    },
    enforcement=IN_PROD,
    types=(KEY,),
    check=check,
    needs_stack=True,
)
