"""S3-02: the account blocks public access to all its buckets."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import STACK, Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.s3.s3_01_public_access_block import FLAGS

BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"


def check(subject: Resource, context: Context) -> Iterator[Finding]:
    """A block of the account exists, and all four flags of each are true."""
    del subject
    blocks = context.stack.of(BLOCK)
    if not blocks:
        yield Finding(path="", message="no AccountPublicAccessBlock in the stack", key="none")
    for block in blocks:
        for flag in FLAGS:
            if not block.view.flag(flag):
                yield Finding(path=flag, message=f"{flag} of {block.name} is not true", key=flag)


RULE = Rule(
    id="S3-02",
    title="The account blocks public access to all its buckets.",
    severity=Severity.HIGH,
    why="It also holds for buckets that nobody declared here, made by hand or by a tool.",
    remediation=(
        "Set audit.account_services to true in one environment of the account: infra/aws/audit.py adds "
        "the block."
    ),
    frameworks={
        Framework.CIS_AWS: ("2.1.4",),
        Framework.HIPAA: ("164.308(a)(1)(ii)(B)", "164.308(a)(3)(i)"),
        Framework.PCI_DSS: ("1.4.2",),
        Framework.NIST: ("AC-3",),
    },
    equivalents=("FSBP S3.1", "prowler:s3_account_level_public_access_blocks"),
    enforcement=FROM_STAGING,
    types=(STACK,),
    check=check,
    needs_stack=True,
)
