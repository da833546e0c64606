"""K8S-04: containers drop all capabilities of Linux, and add only what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.pods import declares_pods
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._pods import containers_of, name_of, rewrite_containers

DROP = "securityContext.capabilities.drop"
ADD = "securityContext.capabilities.add"


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """`ALL` is dropped; what is added is in the settings."""
    for pod, container in containers_of(resource, context):
        dropped, added = container.texts(DROP), container.texts(ADD)
        name = name_of(container)
        if "ALL" not in dropped and not (pod.partial and DROP not in container):
            yield Finding(path=container.where(DROP), message=f"{name} does not drop ALL", key=name)
        extra = sorted(set(added) - set(context.settings.capabilities))
        if extra:
            yield Finding(path=container.where(ADD), message=f"{name} adds {', '.join(extra)}", key=name)


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """What the settings allow stays added."""

    def limit(security: dict[str, Any]) -> None:
        added = (security.get("capabilities") or {}).get("add") or []
        kept = [each for each in added if each in context.settings.capabilities]
        security["capabilities"] = {"drop": ["ALL"], **({"add": kept} if kept else {})}

    return rewrite_containers(properties, limit)


RULE = Rule(
    id="K8S-04",
    title="Containers drop all Linux capabilities and add only allowed ones.",
    severity=Severity.HIGH,
    why="The default set lets a container forge packets and take over files of other users.",
    remediation="Set capabilities.drop: [ALL]; what must be added goes into policies/settings.yaml.",
    frameworks={Framework.SOC2: ("CC6.3",), Framework.NIST: ("AC-6", "CM-7")},
    equivalents=(
        "CKV_K8S_28",
        "CKV_K8S_37",
        "prowler:core_minimize_containers_capabilities_assigned",
        "prowler:core_minimize_containers_added_capabilities",
    ),
    enforcement=FROM_STAGING,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    rewrite=rewrite,
    cel=(
        "'ALL' in c.?securityContext.?capabilities.?drop.orValue([])"
        " && c.?securityContext.?capabilities.?add.orValue([])"
        ".all(x, x in variables.settings.capabilities)"
    ),
)
