"""The model server of a tenant: Triton behind an internal load balancer, scaled by its CPU use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi import Input, Output
from pulumi_kubernetes.apps.v1.Deployment import Deployment
from pulumi_kubernetes.autoscaling.v2.HorizontalPodAutoscaler import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1.Service import Service
from pulumi_kubernetes.policy.v1.PodDisruptionBudget import PodDisruptionBudget

from infra.conventions import METRICS_PORT, ComponentType, registered
from infra.kubernetes import pods
from infra.kubernetes.pods import Workload

if TYPE_CHECKING:
    from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscalerBehaviorArgsDict
    from pulumi_kubernetes.core.v1 import PodSpecArgsDict, ProbeArgsDict, TopologySpreadConstraintArgsDict

HTTP_PORT = 8000
GRPC_PORT = 8001
_HEALTH_PORT = 8003
"""The supervisor's own: it answers before there is a model, and while Triton starts."""
_TERMINATION_S = 60
"""More than the supervisor takes to let routes forget the pod and to finish requests in flight."""
_NO_AWAIT = {"pulumi.com/skipAwait": "true"}
"""A server without a published model is as it should be: deploying must not wait for ready pods."""
_INTERNAL_LOAD_BALANCER = {
    "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "service.beta.kubernetes.io/aws-load-balancer-cross-zone-load-balancing-enabled": "true",
}


@dataclass(frozen=True, kw_only=True)
class InferenceArgs:
    """What a model server is made from.

    Args:
        workload: who runs where.
        model: the model it serves.
        alias: serves the version that this alias names.
        models_uri: the model registry, `s3://bucket/prefix`.
        signing_key: serves only what this KMS key has signed.
        min_replicas: never fewer.
        max_replicas: never more.
        cpu_target_percent: CPU use, of what is requested, that the autoscaler holds.
        caller_ranges: ranges from which the endpoint may be called.
    """

    workload: Workload
    model: str
    alias: str
    models_uri: Input[str]
    signing_key: Input[str]
    min_replicas: int
    max_replicas: int
    cpu_target_percent: int
    caller_ranges: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class InferenceOutputs:
    """Where callers reach the model: a Service, and its ports."""

    service: Output[str]
    http_port: int
    grpc_port: int


class Inference(pulumi.ComponentResource):
    """A model server that callers reach only while it can answer for its model."""

    def __init__(self, name: str, args: InferenceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.INFERENCE, name, None, opts)
        self._args = args
        self._workload = args.workload
        self._child = pulumi.ResourceOptions(parent=self)
        self._prefix = f"{args.workload.tenant}-{args.workload.service}"
        deployment = self._create_deployment()
        service = self._create_endpoint()
        self._create_metrics_service()
        self._limit_disruption()
        self._scale(deployment)
        self.outputs = InferenceOutputs(
            service=service.metadata.name, http_port=HTTP_PORT, grpc_port=GRPC_PORT
        )
        self.register_outputs(registered(self.outputs))

    def _create_deployment(self) -> Deployment:
        workload = self._workload
        return Deployment(
            self._prefix,
            metadata=workload.metadata(workload.service, _NO_AWAIT),
            spec={
                # `replicas` is the autoscaler's.
                "selector": {"match_labels": workload.selector},
                # A surge would need a spare GPU, which a full pool does not have.
                "strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_surge": 0, "max_unavailable": 1},
                },
                "template": {"metadata": {"labels": workload.pod_labels}, "spec": self._pod()},
            },
            opts=self._child,
        )

    def _pod(self) -> PodSpecArgsDict:
        args = self._args
        main = pods.container(
            self._workload,
            environment=pods.values(
                {
                    "MODEL_NAME": args.model,
                    "MODEL_ALIAS": args.alias,
                    "MODELS_URI": args.models_uri,
                    "MODEL_SIGNING_KEY": args.signing_key,
                }
            ),
            ports=[
                {"name": "http", "container_port": HTTP_PORT},
                {"name": "grpc", "container_port": GRPC_PORT},
                {"name": "metrics", "container_port": METRICS_PORT},
                {"name": "health", "container_port": _HEALTH_PORT},
            ],
            # The model's readiness, not the server's: a server without its model must get no requests.
            readiness_probe={
                "http_get": {"path": f"/v2/models/{args.model}/ready", "port": "http"},
                "period_seconds": 2,
                "timeout_seconds": 2,
                "failure_threshold": 2,
            },
            startup_probe=_live(period_s=2, failures=60),
            liveness_probe=_live(period_s=10, failures=3),
        )
        return pods.pod_spec(
            self._workload,
            main,
            scratch="10Gi",
            termination_grace_period_seconds=_TERMINATION_S,
            topology_spread_constraints=[
                self._spread("topology.kubernetes.io/zone"),
                self._spread("kubernetes.io/hostname"),
            ],
        )

    def _spread(self, topology_key: str) -> TopologySpreadConstraintArgsDict:
        """Evenly if possible: better two replicas in one zone than one replica."""
        return {
            "max_skew": 1,
            "topology_key": topology_key,
            "when_unsatisfiable": "ScheduleAnyway",
            "label_selector": {"match_labels": self._workload.selector},
        }

    def _create_endpoint(self) -> Service:
        workload = self._workload
        return Service(
            self._prefix,
            metadata=workload.metadata(workload.service, _INTERNAL_LOAD_BALANCER | _NO_AWAIT),
            spec={
                "type": "LoadBalancer",
                "load_balancer_source_ranges": list(self._args.caller_ranges),
                "selector": workload.selector,
                "ports": [
                    {"name": "http", "port": HTTP_PORT, "target_port": "http"},
                    {"name": "grpc", "port": GRPC_PORT, "target_port": "grpc", "app_protocol": "grpc"},
                ],
            },
            opts=self._child,
        )

    def _create_metrics_service(self) -> None:
        """Metrics are for the platform, not for callers: a Service of their own, inside the cluster.

        The collector asks each pod, and needs none.
        """
        workload = self._workload
        Service(
            f"{self._prefix}-metrics",
            metadata=workload.metadata(f"{workload.service}-metrics"),
            spec={
                "cluster_ip": "None",
                "selector": workload.selector,
                "ports": [{"name": "metrics", "port": METRICS_PORT, "target_port": "metrics"}],
            },
            opts=self._child,
        )

    def _limit_disruption(self) -> None:
        workload = self._workload
        PodDisruptionBudget(
            self._prefix,
            metadata=workload.metadata(workload.service),
            spec={
                "max_unavailable": 1,
                "selector": {"match_labels": workload.selector},
                # A replica that never became ready must not keep its node from being drained.
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
            },
            opts=self._child,
        )

    def _scale(self, deployment: Deployment) -> None:
        args = self._args
        HorizontalPodAutoscaler(
            self._prefix,
            metadata=self._workload.metadata(self._workload.service),
            spec={
                "scale_target_ref": {
                    "api_version": "apps/v1",
                    "kind": "Deployment",
                    "name": deployment.metadata.name,
                },
                "min_replicas": args.min_replicas,
                "max_replicas": args.max_replicas,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {
                                "type": "Utilization",
                                "average_utilization": args.cpu_target_percent,
                            },
                        },
                    }
                ],
                "behavior": _BEHAVIOR,
            },
            opts=self._child,
        )


def _live(*, period_s: int, failures: int) -> ProbeArgsDict:
    """Asks the supervisor whether it is alive; waiting for a model is no reason to be restarted."""
    return {
        "http_get": {"path": "/live", "port": "health"},
        "period_seconds": period_s,
        "timeout_seconds": 2,
        "failure_threshold": failures,
    }


_BEHAVIOR: HorizontalPodAutoscalerBehaviorArgsDict = {
    # Peaks come fast: double, or two more, every half minute.
    "scale_up": {
        "stabilization_window_seconds": 0,
        "select_policy": "Max",
        "policies": [
            {"type": "Percent", "value": 100, "period_seconds": 30},
            {"type": "Pods", "value": 2, "period_seconds": 30},
        ],
    },
    # Loading a model is slow: give a replica up only after five quiet minutes, then a quarter a minute.
    "scale_down": {
        "stabilization_window_seconds": 300,
        "select_policy": "Max",
        "policies": [{"type": "Percent", "value": 25, "period_seconds": 60}],
    },
}
