"""K8S-16: no role of Kubernetes is a master key."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._access import BINDINGS, ROLES

FIELDS = ("apiGroups", "resources", "verbs")
CLIMBING = frozenset({"bind", "escalate", "impersonate"})
ANYBODY = frozenset({"system:anonymous", "system:unauthenticated", "system:authenticated", "system:masters"})


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Roles: no wildcard, no verb that leads to other rights. Bindings: no cluster-admin, not for anybody."""
    del context
    if resource.type in BINDINGS:
        yield from _binding(resource)
        return
    for rule in resource.view.objects("rules"):
        wild = [name for name in FIELDS if "*" in rule.texts(name)]
        climbing = sorted(CLIMBING & set(rule.texts("verbs")))
        if wild:
            yield Finding(path=rule.where(wild[0]), message="a wildcard", key=rule.path)
        if climbing:
            yield Finding(path=rule.where("verbs"), message=f"allows to {', '.join(climbing)}", key=rule.path)


def _binding(binding: Resource) -> Iterator[Finding]:
    if binding.view.text("roleRef.name") == "cluster-admin":
        yield Finding(path="roleRef.name", message="binds cluster-admin", key="cluster-admin")
    for subject in binding.view.objects("subjects"):
        name = subject.text("name")
        if name in ANYBODY:
            yield Finding(path=subject.where("name"), message=f"binds {name}", key=name)


RULE = Rule(
    id="K8S-16",
    title="Roles have no wildcards and no way to another's rights, and nobody is bound to cluster-admin.",
    severity=Severity.CRITICAL,
    why="Who may bind, escalate or impersonate has every right, whatever else the role says.",
    remediation="Name API groups, resources and verbs; administrators come in by access entries of EKS.",
    frameworks={
        Framework.CIS_EKS: ("4.1.1", "4.1.3", "4.1.8"),
        Framework.HIPAA: ("164.308(a)(4)(ii)(B)", "164.312(a)(1)"),
        Framework.SOC2: ("CC6.3",),
        Framework.PCI_DSS: ("7.2.1", "7.2.2"),
        Framework.NIST: ("AC-3", "AC-6"),
    },
    equivalents=(
        "CKV_K8S_49",
        "CKV_K8S_157",
        "CKV_K8S_158",
        "CKV2_K8S_3",
        "prowler:rbac_cluster_admin_usage",
        "prowler:rbac_minimize_wildcard_use_roles",
    ),
    enforcement=ALWAYS,
    types=(*ROLES, *BINDINGS),
    check=check,
)
