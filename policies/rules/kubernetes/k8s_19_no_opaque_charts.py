"""K8S-19: what Helm installs by itself is for the operators' namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity


def check(release: Resource, context: Context) -> Iterator[Finding]:
    """A Release's objects are no resources of the stack: none of the other rules sees them."""
    if release.view.text("namespace", "default") not in context.settings.exempt_namespaces:
        yield Finding(path="namespace", message="objects that no rule can see", key="opaque")


RULE = Rule(
    id="K8S-19",
    title="Workloads come by no Helm release, whose objects no rule can see.",
    severity=Severity.MEDIUM,
    why="The engine shows a release as one resource: privileged pods in it would pass every other rule.",
    remediation="Use helm.v4.Chart, whose objects are resources, or a namespace of an operator.",
    frameworks={Framework.SOC2: ("CC8.1",), Framework.NIST: ("CM-2", "CM-3")},
    enforcement=FROM_STAGING,
    types=("kubernetes:helm.sh/v3:Release",),
    check=check,
)
