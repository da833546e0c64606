"""S3-13: no access point is public."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.s3.s3_01_public_access_block import FLAGS


def check(point: Resource, context: Context) -> Iterator[Finding]:
    """Its own block is on, which nobody can change later: S3 then refuses a policy that is public."""
    del context
    block = point.view.object("publicAccessBlockConfiguration")
    for flag in FLAGS:
        if not block.flag(flag, default=True):
            yield Finding(path=block.where(flag), message=f"{flag} is off, for good", key=flag)


RULE = Rule(
    id="S3-13",
    title="Access points block public access.",
    severity=Severity.CRITICAL,
    why="A bucket that delegates to access points is as open as the most open of them.",
    remediation=(
        "Leave the four flags of public_access_block_configuration on; an access point that exists has to be "
        "made anew."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(a)(1)",),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: ("1.4.2",),
        Framework.NIST: ("AC-3",),
    },
    equivalents=("CKV_AWS_392", "FSBP S3.19", "prowler:s3_access_point_public_access_block"),
    enforcement=ALWAYS,
    types=("aws:s3/accessPoint:AccessPoint",),
    check=check,
)
