"""What the auditor sees of the cluster beyond EKS' own policy for readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi import Output
from pulumi_kubernetes.rbac.v1.ClusterRole import ClusterRole
from pulumi_kubernetes.rbac.v1.ClusterRoleBinding import ClusterRoleBinding

from infra.conventions import AUDITOR_GROUP, PROJECT, ComponentType, Persona, registered
from infra.kubernetes.persona_access import AUDITOR_RULES

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

_RBAC = "rbac.authorization.k8s.io"
_LABELS = {"app.kubernetes.io/part-of": PROJECT, "app.kubernetes.io/managed-by": "pulumi"}


@dataclass(frozen=True, kw_only=True)
class AuditorAccessArgs:
    """There is nothing to choose."""


@dataclass(frozen=True, kw_only=True)
class AuditorAccessOutputs:
    """The role's name."""

    role: Output[str]


class AuditorAccess(pulumi.ComponentResource):
    """Roles, claims of devices and classes of volumes: controls are about them, so an audit reads them."""

    def __init__(
        self, name: str, args: AuditorAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(ComponentType.AUDITOR_ACCESS, name, None, opts)
        del args
        child = pulumi.ResourceOptions(parent=self)
        metadata: ObjectMetaArgsDict = {"name": f"{PROJECT}-{Persona.AUDITOR}", "labels": _LABELS}
        role = ClusterRole(Persona.AUDITOR, metadata=metadata, rules=list(AUDITOR_RULES), opts=child)
        ClusterRoleBinding(
            Persona.AUDITOR,
            metadata=metadata,
            role_ref={"api_group": _RBAC, "kind": "ClusterRole", "name": role.metadata.name},
            subjects=[{"api_group": _RBAC, "kind": "Group", "name": AUDITOR_GROUP}],
            opts=child,
        )
        self.outputs = AuditorAccessOutputs(role=role.metadata.name)
        self.register_outputs(registered(self.outputs))
