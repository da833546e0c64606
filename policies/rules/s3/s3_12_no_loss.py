"""S3-12: buckets of prod cannot be deleted by accident."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import PROD_ONLY, Context, Finding, Framework, Rule, Severity
from policies.rules.s3._buckets import BUCKET


def check(bucket: Resource, context: Context) -> Iterator[Finding]:
    """Pulumi refuses to delete it, and S3 refuses while there is anything in it."""
    del context
    if bucket.view.flag("forceDestroy"):
        yield Finding(path="forceDestroy", message="would be deleted with all that it holds", key="force")
    if not bucket.protect:
        yield Finding(path="", message="the option protect is not set", key="protect")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Only a refusal is added. The option `protect` is no property."""
    del context
    return {**properties, "forceDestroy": False}


RULE = Rule(
    id="S3-12",
    title="Buckets of prod cannot be deleted by accident.",
    severity=Severity.HIGH,
    why="One wrong destroy, or one renamed resource, would delete the lake.",
    remediation="Set protect_data to true in the environment's settings.",
    frameworks={
        Framework.HIPAA: ("164.308(a)(7)(ii)(A)",),
        Framework.SOC2: ("A1.2",),
        Framework.PCI_DSS: ("10.3.4",),
        Framework.NIST: ("CP-9",),
    },
    enforcement=PROD_ONLY,
    types=(BUCKET,),
    check=check,
    rewrite=rewrite,
)
