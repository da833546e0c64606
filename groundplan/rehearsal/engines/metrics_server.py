"""metrics-server: CPU and memory figures of pods, for autoscalers and `kubectl top`."""

from __future__ import annotations

from groundplan.rehearsal import kube_api, rbac
from groundplan.rehearsal.engines.addon import NAMESPACE, AddonEngine, deployment
from groundplan.rehearsal.kube_api import Manifest
from groundplan.rehearsal.toolchain.tools import pinned_version
from groundplan.rehearsal.world import World

_GROUP, _GROUP_VERSION = "metrics.k8s.io", "v1beta1"
_API_SERVICE = f"/apis/apiregistration.k8s.io/v1/apiservices/{_GROUP_VERSION}.{_GROUP}"
_LABELS = {"k8s-app": "metrics-server"}
_HTTPS_PORT = 443
_CLUSTER_CA = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"


class MetricsServer(AddonEngine):
    """The resource metrics API. Nothing waits for it: an autoscaler acts once it has figures."""

    name = "metrics-server"
    version = pinned_version("metrics-server")
    after = ("kubelet", "kube-proxy", "kube-controller-manager", "kube-scheduler")
    stands_for = "the EKS add-on metrics-server"
    ready_timeout_s = 120

    def manifests(self, world: World, image: str) -> list[Manifest]:
        """Its permissions, Deployment, Service and API."""
        return [*self._permissions(), self._deployment(world, image), *self._api(world)]

    def ready(self, world: World) -> bool:
        """Whether the API server gets answers from it, which it gives once it has read the kubelet."""
        return kube_api.condition(kube_api.get(world, _API_SERVICE), "Available") is not None

    def _permissions(self) -> list[Manifest]:
        role = f"system:{self.name}"
        reads = [rbac.rule("", ["nodes/metrics"], ["get"]), rbac.rule("", ["pods", "nodes"])]
        figures = [rbac.rule(_GROUP, ["pods", "nodes"])]
        everybody = {
            f"rbac.authorization.k8s.io/aggregate-to-{who}": "true" for who in ("admin", "edit", "view")
        }
        account = rbac.account(self.name, NAMESPACE)
        return [
            rbac.service_account(self.name, NAMESPACE),
            rbac.cluster_role("system:aggregated-metrics-reader", figures, everybody),
            rbac.cluster_role(role, reads),
            rbac.cluster_role_binding(role, role, account),
            rbac.cluster_role_binding(f"{self.name}:system:auth-delegator", "system:auth-delegator", account),
            rbac.role_binding(
                f"{self.name}-auth-reader", NAMESPACE, "extension-apiserver-authentication-reader", account
            ),
        ]

    def _deployment(self, world: World, image: str) -> Manifest:
        port = world.ports.metrics_server
        probe = {"httpGet": {"path": "/readyz", "port": "https", "scheme": "HTTPS"}, "periodSeconds": 1}
        container = {
            "image": image,
            "args": [
                f"--secure-port={port}",
                "--cert-dir=/tmp",  # a path in the container, where it makes its own certificate
                f"--kubelet-certificate-authority={_CLUSTER_CA}",
                "--kubelet-preferred-address-types=InternalIP",
                "--kubelet-request-timeout=5s",
                "--metric-resolution=10s",
            ],
            "ports": [{"name": "https", "containerPort": port, "protocol": "TCP"}],
            "readinessProbe": {**probe, "failureThreshold": 3},
            "resources": {"requests": {"cpu": "25m", "memory": "100Mi"}, "limits": {"memory": "200Mi"}},
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - in the container
        }
        pod = {"volumes": [{"name": "tmp", "emptyDir": {}}]}
        return deployment(self.name, _LABELS, pod=pod, container=container)

    def _api(self, world: World) -> list[Manifest]:
        ports = [{"name": "https", "port": _HTTPS_PORT, "targetPort": world.ports.metrics_server}]
        return [
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": self.name, "namespace": NAMESPACE, "labels": _LABELS},
                "spec": {"selector": _LABELS, "ports": ports},
            },
            {
                "apiVersion": "apiregistration.k8s.io/v1",
                "kind": "APIService",
                "metadata": {"name": f"{_GROUP_VERSION}.{_GROUP}"},
                "spec": {
                    "group": _GROUP,
                    "version": _GROUP_VERSION,
                    "service": {"name": self.name, "namespace": NAMESPACE},
                    "insecureSkipTLSVerify": True,  # its certificate is its own
                    "groupPriorityMinimum": 100,
                    "versionPriority": 100,
                },
            },
        ]
