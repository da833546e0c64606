"""A tenant's namespace: restricted pods, a quota, network policies, service accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi import Output
from pulumi_kubernetes.core.v1.LimitRange import LimitRange
from pulumi_kubernetes.core.v1.Namespace import Namespace
from pulumi_kubernetes.core.v1.ResourceQuota import ResourceQuota
from pulumi_kubernetes.core.v1.ServiceAccount import ServiceAccount
from pulumi_kubernetes.networking.v1.NetworkPolicy import NetworkPolicy
from pulumi_kubernetes.rbac.v1.Role import Role
from pulumi_kubernetes.rbac.v1.RoleBinding import RoleBinding

from infra.conventions import (
    EFA_CLASS,
    GPU_RESOURCE,
    METRICS_PORT,
    VOLUME_CLASS,
    ComponentType,
    Persona,
    labels,
    persona_group,
    registered,
    tenant_namespace,
)
from infra.kubernetes.network_policies import tenant_policies
from infra.kubernetes.persona_access import PERSONA_RULES
from infra.kubernetes.pod_standards import restricted

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
    from pulumi_kubernetes.rbac.v1 import PolicyRuleArgsDict


@dataclass(frozen=True, kw_only=True)
class TenantArgs:
    """What a tenant's namespace is made from.

    Args:
        tenant: its name.
        services: one service account each.
        kubernetes_version: pins the meaning of `restricted`.
        cpus: virtual CPUs that all pods together may request.
        memory_gib: memory that all pods together may request, in GiB.
        gpus: GPUs that all pods together may request.
        efa_interfaces: Elastic Fabric Adapters that all pods together may claim.
        pods: pods at a time.
        volume_gib: GiB of volumes that all claims together may have.
        lake_claim_gib: GiB of the claim that shows the lake as files, which the program makes; 0 without it.
        pod_ranges: every range that a pod of any namespace can have an address in.
        isolated_ranges: where brokers, the cache, the endpoints of AWS' services and the collector of metrics
            have their addresses.
        broker_port: the brokers', for clients with an IAM identity.
        cache_port: the cache's.
        caller_ranges: who may call the model server.
        inference_ports: its ports for callers.
    """

    tenant: str
    services: Sequence[str]
    kubernetes_version: str
    cpus: int
    memory_gib: int
    gpus: int
    efa_interfaces: int
    pods: int
    volume_gib: int
    lake_claim_gib: int
    pod_ranges: Sequence[str]
    isolated_ranges: Sequence[str]
    broker_port: int
    cache_port: int
    caller_ranges: Sequence[str]
    inference_ports: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class TenantOutputs:
    """The namespace, and its service accounts by service."""

    namespace: Output[str]
    service_accounts: dict[str, Output[str]]


class Tenant(pulumi.ComponentResource):
    """A place of its own for one tenant; nothing gets in, out or above its quota unless allowed."""

    def __init__(self, name: str, args: TenantArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.TENANT, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._labels = labels("tenant", tenant=args.tenant)
        self._namespace = self._create_namespace()
        self._limit()
        policies = self._isolate()
        for persona, rules in PERSONA_RULES.items():
            self._admit(persona, rules)
        accounts = {service: self._create_account(service) for service in args.services}
        self.outputs = TenantOutputs(
            # Known only after the policies, so that no pod is ever there without them.
            namespace=Output.all(
                self._namespace.metadata.name, *(policy.metadata.name for policy in policies)
            ).apply(lambda names: names[0]),
            service_accounts={service: account.metadata.name for service, account in accounts.items()},
        )
        self.register_outputs(registered(self.outputs))

    def _metadata(self, name: str) -> ObjectMetaArgsDict:
        return {"name": name, "namespace": self._namespace.metadata.name, "labels": self._labels}

    def _create_namespace(self) -> Namespace:
        standards = restricted(self._args.kubernetes_version)
        return Namespace(
            self._args.tenant,
            metadata={"name": tenant_namespace(self._args.tenant), "labels": self._labels | standards},
            opts=self._child,
        )

    def _limit(self) -> None:
        args = self._args
        memory = f"{args.memory_gib}Gi"
        ResourceQuota(
            f"{args.tenant}-quota",
            metadata=self._metadata("quota"),
            spec={
                "hard": {
                    "requests.cpu": str(args.cpus),
                    "requests.memory": memory,
                    "limits.memory": memory,
                    f"requests.{GPU_RESOURCE}": str(args.gpus),
                    f"{EFA_CLASS}.deviceclass.resource.k8s.io/devices": str(args.efa_interfaces),
                    "pods": str(args.pods),
                    "services.loadbalancers": "1",
                    "services.nodeports": "2",
                    **self._volumes(),
                }
            },
            opts=self._child,
        )
        LimitRange(
            f"{args.tenant}-defaults",
            metadata=self._metadata("defaults"),
            spec={
                "limits": [
                    {
                        "type": "Container",
                        "default_request": {"cpu": "100m", "memory": "256Mi"},
                        "default": {"cpu": "1", "memory": "256Mi"},
                    }
                ]
            },
            opts=self._child,
        )

    def _volumes(self) -> dict[str, str]:
        """One claim for each pod at most, of which none is smaller than 1 GiB; and the claim of the lake."""
        args = self._args
        claims = min(args.pods, args.volume_gib) + (1 if args.lake_claim_gib else 0)
        return {
            "persistentvolumeclaims": str(claims),
            "requests.storage": _gib(args.volume_gib + args.lake_claim_gib),
            f"{VOLUME_CLASS}.storageclass.storage.k8s.io/requests.storage": _gib(args.volume_gib),
        }

    def _isolate(self) -> list[NetworkPolicy]:
        args = self._args
        policies = tenant_policies(
            pod_ranges=args.pod_ranges,
            isolated_ranges=args.isolated_ranges,
            broker_port=args.broker_port,
            cache_port=args.cache_port,
            caller_ranges=args.caller_ranges,
            inference_ports=args.inference_ports,
            metrics_port=METRICS_PORT,
        )
        return [
            NetworkPolicy(f"{args.tenant}-{name}", metadata=self._metadata(name), spec=spec, opts=self._child)
            for name, spec in policies.items()
        ]

    def _admit(self, persona: Persona, rules: Sequence[PolicyRuleArgsDict]) -> None:
        """Give the group of a persona, which the access entry of its IAM role names, a role here."""
        name = f"{self._args.tenant}-{persona}"
        role = Role(name, metadata=self._metadata(persona), rules=list(rules), opts=self._child)
        api_group = "rbac.authorization.k8s.io"
        RoleBinding(
            name,
            metadata=self._metadata(persona),
            role_ref={"api_group": api_group, "kind": "Role", "name": role.metadata.name},
            subjects=[
                {
                    "api_group": api_group,
                    "kind": "Group",
                    "name": persona_group(self._args.tenant, persona),
                }
            ],
            opts=self._child,
        )

    def _create_account(self, service: str) -> ServiceAccount:
        return ServiceAccount(
            f"{self._args.tenant}-{service}",
            metadata=self._metadata(service),
            automount_service_account_token=False,
            opts=self._child,
        )


def _gib(amount: int) -> str:
    """As Kubernetes writes it."""
    return f"{amount}Gi" if amount else "0"
