"""SEC-02: no input holds a secret in plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.core.secret_texts import secret_under

OPAQUE = "kubernetes:core/v1:Secret"


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """No text looks like a secret unless it is marked as one; nothing in a Kubernetes Secret is unmarked."""
    del context
    texts = {path: value for path, value in resource.view.leaves() if isinstance(value, str)}
    for path, value in texts.items():
        kind = secret_under(_name(path, texts), value)
        if kind:
            yield Finding(path=path, message=f"holds what looks like {kind}", key=path)
    if resource.type == OPAQUE:
        for part in ("data", "stringData"):
            for key in resource.view.keys(part):
                path = f"{part}.{key}"
                if path in texts and not secret_under(_name(path, texts), texts[path]):
                    message = "is not marked as secret: the state shows it"
                    yield Finding(path=path, message=message, key=path)


def _name(path: str, texts: Mapping[str, str]) -> str:
    """What a text is called: its key, or the name beside a `value`, as in lists of environment variables."""
    parent, _, key = path.rpartition(".")
    if key == "value":
        return texts.get(f"{parent}.name", key)
    while key.isdigit():
        parent, _, key = parent.rpartition(".")
    return key


RULE = Rule(
    id="SEC-02",
    title="No input of any resource holds a secret in plain text.",
    severity=Severity.CRITICAL,
    why=("The state, its backups, previews and logs show every input that is not marked as secret."),
    remediation=(
        "Let the consumer fetch it with its role; if it must pass through the program, make it a "
        "Pulumi secret."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(a)(1)",),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: (
            "3.3.2",
            "8.3.2",
            "8.6.3",
        ),
        Framework.NIST: ("IA-5",),
    },
    equivalents=("prowler:ec2_launch_template_no_secrets",),
    enforcement=ALWAYS,
    types=("aws:*", "kubernetes:*", "pulumi:providers:*"),
    check=check,
)
