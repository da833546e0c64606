"""FSX-01: file systems are encrypted with a key of ours, and log what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(system: Resource, context: Context) -> Iterator[Finding]:
    """Disks always are encrypted, else by a key of AWS. The log tells of objects that did not arrive."""
    del context
    if not system.view.named("kmsKeyId"):
        yield Finding(path="kmsKeyId", message="no key of the account's own is named", key="key")
    if system.view.text("logConfiguration.level", "DISABLED") == "DISABLED":
        path = "logConfiguration.level"
        yield Finding(path=path, message="nobody learns which objects did not arrive", key="log")


RULE = Rule(
    id="FSX-01",
    title="File systems are encrypted with a key of the account's own, and log what goes wrong.",
    severity=Severity.HIGH,
    why=(
        "A copy of the lake under another key is one that nobody can lock away; one with gaps trains a "
        "worse model."
    ),
    remediation=(
        "Set kms_key_id (a file system that exists has to be made anew), and log_configuration with "
        "WARN_ERROR."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(a)(2)(iv)",),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("C1.1", "CC7.2"),
        Framework.PCI_DSS: ("3.5.1",),
        Framework.NIST: ("AU-12", "SC-28"),
    },
    equivalents=("CKV_AWS_190",),
    enforcement=ALWAYS,
    types=("aws:fsx/lustreFileSystem:LustreFileSystem",),
    check=check,
)
