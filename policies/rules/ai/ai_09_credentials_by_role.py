"""AI-09: pods reach models and data with their role's credentials."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.pods import declares_pods
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._pods import containers_of, name_of

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """No container gets an access key as a variable, wherever its value is from."""
    for _, container in containers_of(resource, context):
        name = name_of(container)
        for variable in container.objects("env"):
            if variable.text("name") in KEYS:
                yield Finding(path=variable.path, message=f"{name} has an access key", key=name)


RULE = Rule(
    id="AI-09",
    title="Pods reach AWS with the credentials of their role, and with no access key.",
    severity=Severity.HIGH,
    why="A key works from anywhere and for ever: no prefix is a tenant's own any more.",
    remediation="Remove the variables; the service account has a role by infra/aws/workload_identity.py.",
    frameworks={
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: ("8.6.3",),
        Framework.NIST: ("AC-6", "IA-5"),
    },
    enforcement=ALWAYS,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    cel=f"c.?env.orValue([]).all(e, !(e.name in {list(KEYS)}))",
)
