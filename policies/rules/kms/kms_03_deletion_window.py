"""KMS-03: keys are enabled, and their deletion leaves time to think."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.kms._keys import EXTERNAL, KEY, REPLICA

LONGEST = 30
SHORTEST = 7
WINDOW = "deletionWindowInDays"
FLAGS = {KEY: "isEnabled", REPLICA: "enabled", EXTERNAL: "enabled"}


def check(key: Resource, context: Context) -> Iterator[Finding]:
    """The window is the longest that KMS has in prod, a week elsewhere; KMS's own default is the longest."""
    least = SHORTEST if context.environment in {"dev", "staging"} else LONGEST
    if key.view.number(WINDOW, LONGEST) < least:
        yield Finding(path=WINDOW, message=f"less than {least} days", key="window")
    flag = FLAGS[key.type]
    if not key.view.flag(flag, default=True):
        yield Finding(path=flag, message="the key is disabled: nothing of its data can be read", key="off")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """More time changes nothing else. A key that is disabled stays so: somebody may have had a reason."""
    del context
    return {**properties, WINDOW: LONGEST}


RULE = Rule(
    id="KMS-03",
    title="Keys are enabled, and their deletion leaves time to take it back.",
    severity=Severity.HIGH,
    why="What a deleted key encrypted is lost, in all its backups too.",
    remediation="Set deletion_window_in_days to 30 in prod and to 7 or more elsewhere; enable the key.",
    frameworks={
        Framework.HIPAA: ("164.308(a)(7)(ii)(A)",),
        Framework.SOC2: ("A1.2",),
        Framework.PCI_DSS: ("3.7.1",),
        Framework.NIST: ("SC-12", "CP-9"),
    },
    equivalents=("CKV_AWS_227", "FSBP KMS.3", "prowler:kms_cmk_not_deleted_unintentionally"),
    enforcement=FROM_STAGING,
    types=tuple(FLAGS),
    check=check,
    rewrite=rewrite,
)
