"""SEC-01: stored secrets are encrypted with a key of ours, changed, and not lost by mistake."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
WINDOW = 7
MAX_DAYS = 90


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """A secret has a key, a window and a rotation; a rotation is on, also that of a secret that AWS made."""
    if resource.type == ROTATION:
        yield from _judge_rotation(resource)
    else:
        yield from _judge_secret(resource, context)


def _judge_secret(secret: Resource, context: Context) -> Iterator[Finding]:
    view = secret.view
    if not view.named("kmsKeyId"):
        yield Finding(path="kmsKeyId", message="no key of the account's own is named", key="key")
    if view.number("recoveryWindowInDays", 30) < WINDOW:
        yield Finding(path="recoveryWindowInDays", message=f"less than {WINDOW} days", key="window")
    rotations = context.stack.referring(secret, ROTATION, "secretId", by=("name",))
    if not rotations:
        yield Finding(path="", message=f"{secret.name} is never changed", key="rotation")


def _judge_rotation(rotation: Resource) -> Iterator[Finding]:
    if not rotation.view.flag("rotationEnabled", default=True):
        yield Finding(path="rotationEnabled", message="is switched off", key="off")
    rules = rotation.view.object("rotationRules")
    days = rules.number("automaticallyAfterDays")
    if not rules.text("scheduleExpression") and not 0 < days <= MAX_DAYS:
        message = f"is changed less often than every {MAX_DAYS} days"
        yield Finding(path="rotationRules", message=message, key="period")


RULE = Rule(
    id="SEC-01",
    title=(
        "Stored secrets have a key of the account's own, are rotated, and can be brought back for a week."
    ),
    severity=Severity.MEDIUM,
    why="A secret that never changes opens its door to everybody who ever saw it.",
    remediation=(
        "Set kms_key_id and recovery_window_in_days of 7 or more, and add a SecretRotation; for "
        "databases, let RDS manage the password."
    ),
    frameworks={
        Framework.HIPAA: ("164.308(a)(4)(ii)(B)",),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: (
            "8.3.9",
            "8.6.3",
        ),
        Framework.NIST: (
            "IA-5",
            "SC-12",
        ),
    },
    equivalents=(
        "CKV_AWS_149",
        "CKV2_AWS_57",
        "FSBP SecretsManager.1",
        "FSBP SecretsManager.4",
        "prowler:secretsmanager_automatic_rotation_enabled",
        "prowler:secretsmanager_secret_rotated_periodically",
    ),
    enforcement=FROM_STAGING,
    types=("aws:secretsmanager/secret:Secret", ROTATION),
    check=check,
    needs_stack=True,
)
