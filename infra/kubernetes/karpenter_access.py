"""What Karpenter may do in the cluster.

Source: the roles of its chart, `charts/karpenter/templates` of aws/karpenter-provider-aws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi import Input
from pulumi_kubernetes.rbac.v1.ClusterRole import ClusterRole
from pulumi_kubernetes.rbac.v1.ClusterRoleBinding import ClusterRoleBinding
from pulumi_kubernetes.rbac.v1.Role import Role
from pulumi_kubernetes.rbac.v1.RoleBinding import RoleBinding

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
    from pulumi_kubernetes.rbac.v1 import PolicyRuleArgsDict, SubjectArgsDict

_NAME = "karpenter"
_RBAC = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")
_CLUSTER_RULES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("karpenter.sh", ("nodeclaims", "nodeoverlays", "nodepools"), _READ),
    ("karpenter.sh", ("nodeclaims/status", "nodeoverlays/status", "nodepools/status"), _READ),
    ("karpenter.sh", ("nodeclaims", "nodeclaims/status"), ("create", "delete", "patch", "update")),
    ("karpenter.sh", ("nodepools", "nodepools/status", "nodeoverlays/status"), ("patch", "update")),
    ("karpenter.k8s.aws", ("ec2nodeclasses",), (*_READ, "patch", "update")),
    ("karpenter.k8s.aws", ("ec2nodeclasses/status",), ("patch", "update")),
    ("", ("namespaces", "persistentvolumeclaims", "persistentvolumes"), _READ),
    ("", ("pods", "replicationcontrollers"), _READ),
    ("", ("nodes",), (*_READ, "delete", "patch", "update")),
    ("", ("events",), (*_READ, "create", "patch")),
    ("storage.k8s.io", ("csinodes", "storageclasses", "volumeattachments"), _READ),
    ("apps", ("daemonsets", "deployments", "replicasets", "statefulsets"), _READ),
    ("policy", ("poddisruptionbudgets",), _READ),
    ("", ("pods/eviction",), ("create",)),
    ("", ("pods",), ("delete",)),
)
"""API group, resources, verbs."""
_LEASES: tuple[PolicyRuleArgsDict, ...] = (
    {"api_groups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create", "get", "watch"]},
    {
        "api_groups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "verbs": ["patch", "update"],
        "resource_names": ["karpenter-leader-election"],
    },
)
_DNS: tuple[PolicyRuleArgsDict, ...] = (
    {"api_groups": [""], "resources": ["services"], "verbs": ["get"], "resource_names": ["kube-dns"]},
)


def grant_access(
    namespace: Input[str], account: Input[str], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Create the roles and their bindings to Karpenter's service account; the result is the bindings."""
    subjects: list[SubjectArgsDict] = [{"kind": "ServiceAccount", "name": account, "namespace": namespace}]
    role = ClusterRole(
        _NAME,
        metadata={"name": _NAME},
        rules=[
            {"api_groups": [group], "resources": list(resources), "verbs": list(verbs)}
            for group, resources, verbs in _CLUSTER_RULES
        ],
        opts=opts,
    )
    everywhere = ClusterRoleBinding(
        _NAME,
        metadata={"name": _NAME},
        role_ref={"api_group": _RBAC, "kind": "ClusterRole", "name": role.metadata.name},
        subjects=subjects,
        opts=opts,
    )
    return [
        everywhere,
        _in_namespace(_NAME, namespace, _LEASES, subjects, opts),
        _in_namespace("karpenter-dns", "kube-system", _DNS, subjects, opts),
    ]


def _in_namespace(
    name: str,
    namespace: Input[str],
    rules: tuple[PolicyRuleArgsDict, ...],
    subjects: list[SubjectArgsDict],
    opts: pulumi.ResourceOptions,
) -> RoleBinding:
    metadata: ObjectMetaArgsDict = {"name": name, "namespace": namespace}
    role = Role(name, metadata=metadata, rules=list(rules), opts=opts)
    return RoleBinding(
        name,
        metadata=metadata,
        role_ref={"api_group": _RBAC, "kind": "Role", "name": role.metadata.name},
        subjects=subjects,
        opts=opts,
    )
