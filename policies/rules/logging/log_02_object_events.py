"""LOG-02: reading and writing of the lake is written down."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity
from policies.core.values import View

TRAIL = "aws:cloudtrail/trail:Trail"
EXEMPT = ("access-logs", "audit")
"""Buckets that the trails and logs themselves are written to: recording that would never end."""
OBJECTS = "AWS::S3::Object"


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """A selector of some trail covers all objects of the bucket, for reading and for writing."""
    if bucket.view.object("tags").text("DataClass") in EXEMPT:
        return
    arn = f"arn:aws:s3:::{bucket.view.text('bucket')}/"
    covered = [
        prefix
        for trail in context.stack.of(TRAIL)
        for prefix in (*_advanced(trail.view), *_basic(trail.view))
        if arn.startswith(prefix)
    ]
    if not covered:
        yield Finding(path="", message=f"no trail records the objects of {bucket.name}")


def _advanced(trail: View) -> Iterator[str]:
    for selector in trail.objects("advancedEventSelectors"):
        fields = {each.text("field"): each for each in selector.objects("fieldSelectors")}
        if set(fields) - {"eventCategory", "resources.type", "resources.ARN"}:
            continue  # narrower: some events are left out
        if "eventCategory" not in fields or fields["eventCategory"].texts("equals") != ["Data"]:
            continue
        if "resources.type" in fields and fields["resources.type"].texts("equals") == [OBJECTS]:
            yield from fields["resources.ARN"].texts("startsWiths") if "resources.ARN" in fields else [""]


def _basic(trail: View) -> Iterator[str]:
    for selector in trail.objects("eventSelectors"):
        if selector.text("readWriteType", "All") == "All":
            for resource in selector.objects("dataResources"):
                if resource.text("type") == OBJECTS:
                    yield from resource.texts("values")


RULE = Rule(
    id="LOG-02",
    title="A trail records who reads and writes the objects of every data bucket.",
    severity=Severity.MEDIUM,
    why="Without it a breach cannot be narrowed down: all data counts as read.",
    remediation="Let the trail's data events cover the bucket; see infra/aws/audit.py.",
    frameworks={
        Framework.CIS_AWS: (
            "3.8",
            "3.9",
        ),
        Framework.HIPAA: ("164.312(b)",),
        Framework.GDPR: (
            "30",
            "33",
        ),
        Framework.SOC2: ("CC7.2",),
        Framework.PCI_DSS: ("10.2.1",),
        Framework.NIST: ("AU-12",),
    },
    equivalents=(
        "prowler:cloudtrail_s3_dataevents_read_enabled",
        "prowler:cloudtrail_s3_dataevents_write_enabled",
    ),
    enforcement=IN_PROD,
    types=("aws:s3/bucket:Bucket",),
    check=check,
    needs_stack=True,
)
