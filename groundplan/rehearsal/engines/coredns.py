"""CoreDNS: the names of Services and pods."""

from __future__ import annotations

from groundplan.rehearsal import kube_api, rbac
from groundplan.rehearsal.engines.addon import NAMESPACE, AddonEngine, deployment
from groundplan.rehearsal.kube_api import Manifest
from groundplan.rehearsal.toolchain.tools import pinned_version
from groundplan.rehearsal.world import CLUSTER_DNS_SUFFIX, World

_SERVICE = "kube-dns"
_ROLE = "system:coredns"
_METRICS_PORT = 9153
_LABELS = {"k8s-app": _SERVICE, "eks.amazonaws.com/component": "coredns"}


class CoreDns(AddonEngine):
    """The cluster's DNS server. It answers for the cluster only: there is no outside to forward to."""

    name = "coredns"
    version = pinned_version("coredns")
    after = ("kubelet", "kube-proxy", "kube-controller-manager", "kube-scheduler")
    stands_for = "the EKS add-on coredns"
    ready_timeout_s = 120

    def manifests(self, world: World, image: str) -> list[Manifest]:
        """Its permissions, configuration, Deployment and Service."""
        rules = [
            rbac.rule("", ["endpoints", "services", "pods", "namespaces"], ["list", "watch"]),
            rbac.rule("discovery.k8s.io", ["endpointslices"], ["list", "watch"]),
        ]
        return [
            rbac.service_account(self.name, NAMESPACE),
            rbac.cluster_role(_ROLE, rules),
            rbac.cluster_role_binding(_ROLE, _ROLE, rbac.account(self.name, NAMESPACE)),
            self._configuration(world),
            self._deployment(world, image),
            _service(world),
        ]

    def ready(self, world: World) -> bool:
        """Whether its pod answers through its Service."""
        service = f"/api/v1/namespaces/{NAMESPACE}/services/{_SERVICE}:metrics"
        return kube_api.answers(world, f"{service}/proxy/metrics")

    def _configuration(self, world: World) -> Manifest:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self.name, "namespace": NAMESPACE},
            "data": {"Corefile": _corefile(world)},
        }

    def _deployment(self, world: World, image: str) -> Manifest:
        ports = world.ports
        volume = {"name": "config", "configMap": {"name": self.name}}
        container = {
            "image": image,
            "args": ["-conf", "/etc/coredns/Corefile"],
            "ports": [
                {"name": "dns", "containerPort": ports.dns, "protocol": "UDP"},
                {"name": "dns-tcp", "containerPort": ports.dns, "protocol": "TCP"},
                {"name": "metrics", "containerPort": _METRICS_PORT, "protocol": "TCP"},
            ],
            "readinessProbe": {"httpGet": {"path": "/ready", "port": ports.dns_health}, "periodSeconds": 1},
            "resources": {"requests": {"cpu": "25m", "memory": "70Mi"}, "limits": {"memory": "170Mi"}},
            "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
        }
        pod = {"dnsPolicy": "Default", "volumes": [volume]}
        return deployment(self.name, _LABELS, pod=pod, container=container)


def _corefile(world: World) -> str:
    """Two servers on one port: within one, `template` would answer before `kubernetes` is asked."""
    ports = world.ports
    return f"""\
{CLUSTER_DNS_SUFFIX}:{ports.dns} in-addr.arpa:{ports.dns} ip6.arpa:{ports.dns} {{
    errors
    ready :{ports.dns_health}
    kubernetes {CLUSTER_DNS_SUFFIX} in-addr.arpa ip6.arpa {{
        pods insecure
    }}
    prometheus :{_METRICS_PORT}
    cache 30
}}
.:{ports.dns} {{
    errors
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


def _service(world: World) -> Manifest:
    address, port = str(world.cluster_dns_address), world.ports.dns
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": _SERVICE, "namespace": NAMESPACE, "labels": _LABELS},
        "spec": {
            "clusterIP": address,
            "selector": _LABELS,
            "ports": [
                {"name": "dns", "port": port, "targetPort": "dns", "protocol": "UDP"},
                {"name": "dns-tcp", "port": port, "targetPort": "dns-tcp", "protocol": "TCP"},
                {"name": "metrics", "port": _METRICS_PORT, "targetPort": "metrics", "protocol": "TCP"},
            ],
        },
    }
