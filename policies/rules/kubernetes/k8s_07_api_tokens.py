"""K8S-07: pods hold no token for the Kubernetes API, and have a service account of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.pods import Pod, declares_pods, namespace_of
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._pods import rewrite_pods, workload_pods

MOUNT = "automountServiceAccountToken"


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """The token is not mounted unless the settings say so; neither account nor namespace is `default`."""
    pods = workload_pods(resource, context)
    if pods and namespace_of(resource) == "default":
        yield Finding(path="metadata.namespace", message="runs in the default namespace", key="namespace")
    for pod in pods:
        if not pod.partial:
            yield from _judge(resource, pod, context)


def _judge(resource: Resource, pod: Pod, context: Context) -> Iterator[Finding]:
    account = pod.spec.text("serviceAccountName")
    if account in {"", "default"}:
        yield Finding(
            path=pod.spec.where("serviceAccountName"), message="uses the default account", key="account"
        )
    if pod.spec.flag(MOUNT, default=True):
        holders = context.settings.token_holders
        if not holders or f"{namespace_of(resource)}/{account}" not in holders:
            yield Finding(path=pod.spec.where(MOUNT), message="a token for the API is mounted", key="token")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """A pod that needed the token is refused by the API, which is what the rule wants."""
    del context
    return rewrite_pods(properties, lambda pod: pod.update({MOUNT: False}))


RULE = Rule(
    id="K8S-07",
    title="Pods hold no token for the Kubernetes API unless the settings name their service account.",
    severity=Severity.MEDIUM,
    why="A stolen token speaks to the API server in the pod's name, and default accounts are everybody's.",
    remediation="Set automountServiceAccountToken: false and an account, or list that in token_holders.",
    frameworks={
        Framework.CIS_EKS: ("4.1.5", "4.1.6", "4.5.2"),
        Framework.SOC2: ("CC6.3",),
        Framework.NIST: ("AC-6", "IA-5"),
    },
    equivalents=("CKV_K8S_21", "CKV_K8S_38", "CKV_K8S_41"),
    enforcement=FROM_STAGING,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    rewrite=rewrite,
    cel_pod=(
        "!(p.?serviceAccountName.orValue('') in ['', 'default'])"
        " && (!p.?automountServiceAccountToken.orValue(true)"
        " || request.namespace + '/' + p.serviceAccountName in variables.settings.token_holders)"
    ),
)
