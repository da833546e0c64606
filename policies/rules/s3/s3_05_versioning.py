"""S3-05: every bucket keeps versions."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.s3._buckets import BUCKET, VERSIONING, settings_of

STATUS = "versioningConfiguration.status"


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """A BucketVersioning names it and is enabled; suspended is not enough."""
    settings = settings_of(bucket, context, VERSIONING)
    if not settings:
        yield Finding(path="", message=f"no BucketVersioning names {bucket.name}", key="none")
    for each in settings:
        if each.view.text(STATUS) != "Enabled":
            yield Finding(path=STATUS, message=f"{each.name} is not Enabled", key="off")


RULE = Rule(
    id="S3-05",
    title="Every bucket keeps versions.",
    severity=Severity.MEDIUM,
    why="Without versions, what a job overwrites or deletes by mistake is gone at once.",
    remediation=(
        "Make buckets by infra/aws/private_bucket.py, which adds BucketVersioning with status Enabled."
    ),
    frameworks={
        Framework.HIPAA: ("164.308(a)(7)(ii)(A)", "164.312(c)(1)"),
        Framework.SOC2: ("A1.2", "PI1.5"),
        Framework.PCI_DSS: ("10.3.4",),
        Framework.NIST: ("CP-9", "CP-10"),
    },
    equivalents=("CKV_AWS_21", "FSBP S3.14", "prowler:s3_bucket_object_versioning"),
    enforcement=FROM_STAGING,
    types=(BUCKET,),
    check=check,
    needs_stack=True,
)
