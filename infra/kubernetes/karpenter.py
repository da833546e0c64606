"""Karpenter on the cluster: its kinds, its rights, its two replicas on the system pool."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pulumi
from pulumi import Input, Output
from pulumi_kubernetes.apiextensions.v1.CustomResourceDefinition import CustomResourceDefinition
from pulumi_kubernetes.apps.v1.Deployment import Deployment
from pulumi_kubernetes.core.v1.Namespace import Namespace
from pulumi_kubernetes.core.v1.ServiceAccount import ServiceAccount
from pulumi_kubernetes.networking.v1.NetworkPolicy import NetworkPolicy
from pulumi_kubernetes.policy.v1.PodDisruptionBudget import PodDisruptionBudget

from infra.conventions import KARPENTER_ACCOUNT, METRICS_PORT, PROJECT, ComponentType, registered
from infra.kubernetes.karpenter_access import grant_access
from infra.kubernetes.karpenter_pod import COLLECTED, REPLICAS, pod_labels, pod_spec
from infra.kubernetes.network_policies import controller_policies
from infra.kubernetes.pod_standards import restricted

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

CRD_FILE = Path(__file__).with_name("karpenter_crds.json")
"""Generated from Karpenter's own Go module, without descriptions: see docs/decisions/0014."""
_HTTPS_PORT = 443


@dataclass(frozen=True, kw_only=True)
class KarpenterArgs:
    """What it is made from.

    Args:
        region: AWS region.
        cluster: name of the cluster.
        cluster_endpoint: address of the API server, for nodes.
        queue: name of the queue in which it hears of interruptions.
        kubernetes_version: pins the meaning of `restricted`.
        isolated_ranges: where the collector of metrics has its addresses.
        definitions: the kinds that it works with, as manifests.
    """

    region: str
    cluster: Input[str]
    cluster_endpoint: Output[str]
    queue: Input[str]
    kubernetes_version: str
    isolated_ranges: Sequence[str]
    definitions: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class KarpenterOutputs:
    """Known once it runs: what depends on it has its kinds, and is cleaned up while it is still there."""

    deployment: Output[str]


class Karpenter(pulumi.ComponentResource):
    """The controller that launches nodes for pods that wait. It does not run on nodes that it launched."""

    def __init__(self, name: str, args: KarpenterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.KARPENTER, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        kinds = [self._define(each) for each in args.definitions]
        namespace = self._create_namespace()
        account = ServiceAccount(
            name,
            metadata=self._metadata(namespace, KARPENTER_ACCOUNT[1]),
            automount_service_account_token=False,
            opts=self._child,
        )
        access = grant_access(namespace.metadata.name, account.metadata.name, self._child)
        policies = self._isolate(namespace)
        deployment = self._deploy(name, namespace, account, [*kinds, *access, *policies])
        self.outputs = KarpenterOutputs(deployment=deployment.metadata.name)
        self.register_outputs(registered(self.outputs))

    def _define(self, manifest: Mapping[str, Any]) -> CustomResourceDefinition:
        return CustomResourceDefinition(
            manifest["metadata"]["name"],
            metadata={"name": manifest["metadata"]["name"], "labels": _LABELS},
            spec=manifest["spec"],
            opts=self._child,
        )

    def _create_namespace(self) -> Namespace:
        standards = restricted(self._args.kubernetes_version)
        name = KARPENTER_ACCOUNT[0]
        return Namespace(name, metadata={"name": name, "labels": _LABELS | standards}, opts=self._child)

    def _metadata(self, namespace: Namespace, name: str) -> ObjectMetaArgsDict:
        return {"name": name, "namespace": namespace.metadata.name, "labels": _LABELS}

    def _isolate(self, namespace: Namespace) -> list[NetworkPolicy]:
        policies = controller_policies(
            api_server_port=self._args.cluster_endpoint.apply(lambda url: urlsplit(url).port or _HTTPS_PORT),
            isolated_ranges=self._args.isolated_ranges,
            metrics_port=METRICS_PORT,
        )
        return [
            NetworkPolicy(
                f"karpenter-{name}", metadata=self._metadata(namespace, name), spec=spec, opts=self._child
            )
            for name, spec in policies.items()
        ]

    def _deploy(
        self, name: str, namespace: Namespace, account: ServiceAccount, before: list[pulumi.Resource]
    ) -> Deployment:
        args = self._args
        labels = pod_labels()
        budget = PodDisruptionBudget(
            name,
            metadata=self._metadata(namespace, name),
            spec={"max_unavailable": 1, "selector": {"match_labels": labels}},
            opts=self._child,
        )
        pod = pod_spec(
            service_account=account.metadata.name,
            region=args.region,
            cluster=args.cluster,
            cluster_endpoint=args.cluster_endpoint,
            queue=args.queue,
        )
        return Deployment(
            name,
            metadata=self._metadata(namespace, name),
            spec={
                "replicas": REPLICAS,
                "selector": {"match_labels": labels},
                "strategy": {"rolling_update": {"max_unavailable": 1, "max_surge": 0}},
                "template": {
                    "metadata": {"labels": _LABELS | labels, "annotations": COLLECTED},
                    "spec": pod,
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*before, budget]),
        )


_LABELS = {
    "app.kubernetes.io/name": "karpenter",
    "app.kubernetes.io/part-of": PROJECT,
    "app.kubernetes.io/managed-by": "pulumi",
}


def generated_definitions() -> tuple[dict[str, Any], ...]:
    """The manifests of the generated file."""
    return tuple(json.loads(CRD_FILE.read_bytes()))
