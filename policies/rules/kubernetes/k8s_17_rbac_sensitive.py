"""K8S-17: what is as good as a node or a secret is allowed to named roles only."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._access import ROLES, allows, role_name

READ = frozenset({"get", "list", "watch"})
CREATE = frozenset({"create"})
CHANGE = frozenset({"create", "update", "patch"})
SENSITIVE = (
    ("secrets", {"secrets"}, READ),
    ("new pods", {"pods"}, CREATE),
    ("the inside of pods", {"pods/exec", "pods/attach", "pods/portforward"}, READ | CREATE),
    ("pods past their admission", {"pods/ephemeralcontainers"}, CHANGE),
    ("the kubelet", {"nodes/proxy"}, READ | CHANGE),
    ("volumes of nodes", {"persistentvolumes"}, CREATE),
    ("tokens of service accounts", {"serviceaccounts/token"}, CREATE),
    (
        "the admission of others",
        {
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
            "mutatingadmissionpolicies",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
        },
        CHANGE | {"delete"},
    ),
)
"""What a rule reaches, by which resources and verbs."""


def check(role: Resource, context: Context) -> Iterator[Finding]:
    """No rule reaches one of these, but for the roles in the settings."""
    for rule in role.view.objects("rules"):
        for what, resources, verbs in SENSITIVE:
            if allows(rule, set(resources), set(verbs)) and not _is_allowed(role, context):
                yield Finding(path=rule.path, message=f"reaches {what}", key=what)


def _is_allowed(role: Resource, context: Context) -> bool:
    allowed = context.settings.secret_readers
    return bool(allowed) and role_name(role) in allowed


RULE = Rule(
    id="K8S-17",
    title="Secrets, new pods, the inside of pods, nodes, tokens and admission are for named roles only.",
    severity=Severity.HIGH,
    why="Each of them is a way around the rest of the rules: to other identities, or onto a node.",
    remediation="Remove the resource or verb; secret_readers in policies/settings.yaml names exceptions.",
    frameworks={
        Framework.CIS_EKS: ("4.1.2", "4.1.4", "4.1.9", "4.1.10", "4.1.11", "4.1.12"),
        Framework.SOC2: ("CC6.3",),
        Framework.PCI_DSS: ("7.2.1", "7.2.2"),
        Framework.NIST: ("AC-3", "AC-6"),
    },
    equivalents=(
        "CKV_K8S_155",
        "CKV_K8S_156",
        "CKV2_K8S_2",
        "CKV2_K8S_5",
        "prowler:rbac_minimize_node_proxy_subresource_access",
        "prowler:rbac_minimize_pod_creation_access",
        "prowler:rbac_minimize_pv_creation_access",
        "prowler:rbac_minimize_secret_access",
        "prowler:rbac_minimize_service_account_token_creation",
        "prowler:rbac_minimize_webhook_config_access",
    ),
    enforcement=FROM_STAGING,
    types=ROLES,
    check=check,
)
