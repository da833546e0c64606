"""S3-10: access lists are switched off."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.s3._buckets import ACL, BUCKET, OWNERSHIP, settings_of

OWNER = "rule.objectOwnership"


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """The bucket's owner owns all objects, and no access list lets anybody else in."""
    controls = settings_of(bucket, context, OWNERSHIP)
    if not controls:
        message = f"no BucketOwnershipControls names {bucket.name}"
        yield Finding(path="", message=message, key="none")
    for each in controls:
        if each.view.text(OWNER) != "BucketOwnerEnforced":
            yield Finding(path=OWNER, message=f"{each.name} is not BucketOwnerEnforced", key="owner")
    if bucket.view.text("acl", "private") not in {"", "private"}:
        yield Finding(path="acl", message="an access list", key="acl")
    for grant in bucket.view.objects("grants"):
        # AWS itself reports the owner's own grant, which names an id and no group.
        if grant.text("uri"):
            yield Finding(path=grant.where("uri"), message="a grant to a group", key="grant")
    for each in settings_of(bucket, context, ACL):
        yield Finding(path="", message=f"{each.name} is an access list", key=each.name)


RULE = Rule(
    id="S3-10",
    title="Buckets have no access lists; their owner owns all objects.",
    severity=Severity.HIGH,
    why="An access list on one of a million objects is seen by nobody who reads policies.",
    remediation=(
        "Make buckets by infra/aws/private_bucket.py, which sets BucketOwnerEnforced; remove acl and grants."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(a)(1)",),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: ("7.3.1",),
        Framework.NIST: ("AC-3",),
    },
    equivalents=("CKV2_AWS_65", "CKV_AWS_20", "CKV_AWS_57", "FSBP S3.12", "prowler:s3_bucket_acl_prohibited"),
    enforcement=ALWAYS,
    types=(BUCKET,),
    check=check,
    needs_stack=True,
)
