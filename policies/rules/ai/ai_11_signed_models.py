"""AI-11: who publishes a model signs it, and who serves one verifies that."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.pods import declares_pods
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._pods import containers_of, name_of

REGISTRY, KEY = "MODELS_URI", "MODEL_SIGNING_KEY"
"""Our services' variables: where models are, and the key that signs them (services/common)."""

ARN = "arn:"
"""A reference such as `$(EMPTY)`, or a second entry of the same name, would leave the container without."""


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Each container that is told where models are is told the key, too."""
    for _, container in containers_of(resource, context):
        variables = [(each.text("name"), each) for each in container.objects("env")]
        if not any(name == REGISTRY for name, _ in variables):
            continue
        keys = [each.text("value") for name, each in variables if name == KEY]
        if not keys or not all(each.startswith(ARN) for each in keys):
            name = name_of(container)
            message = f"{name} has {REGISTRY}, and no key in {KEY}: it takes or makes what nobody vouches for"
            yield Finding(path=container.path, message=message, key=name)


RULE = Rule(
    id="AI-11",
    title="Models are signed where they are published and verified where they are served.",
    severity=Severity.HIGH,
    why="Else who can write to the bucket decides what is served: a checksum fits whatever lies beside it.",
    remediation="Set MODEL_SIGNING_KEY to the ARN of the tenant's key: infra/aws/model_signing.py.",
    frameworks={
        Framework.HIPAA: ("164.312(c)(1)",),
        Framework.SOC2: ("CC6.1", "PI1.5"),
        Framework.NIST: ("SI-7",),
    },
    enforcement=ALWAYS,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    cel=(
        f"!c.?env.orValue([]).exists(e, e.name == '{REGISTRY}')"
        f" || (c.env.exists(e, e.name == '{KEY}')"
        f" && c.env.all(e, e.name != '{KEY}' || e.?value.orValue('').startsWith('{ARN}')))"
    ),
)
