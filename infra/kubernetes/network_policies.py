"""Who may talk to whom in a tenant's namespace: nobody, but for what is written here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pulumi import Input

from infra.conventions import CACHE_CLIENTS, WORKLOAD_LABEL

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import LabelSelectorArgsDict
    from pulumi_kubernetes.networking.v1 import NetworkPolicyEgressRuleArgsDict, NetworkPolicySpecArgsDict

_ALL_PODS: LabelSelectorArgsDict = {}
_INSTANCE_METADATA = "169.254.169.254/32"
_POD_IDENTITY_AGENT = "169.254.170.23/32"
"""Where EKS' agent answers on each node:
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html"""
_DNS_PORT = 53
_HTTPS_PORT = 443
_HTTP_PORT = 80
# To anywhere: the resolver may be a pod, a cache on the node, or the node itself.
_DNS: NetworkPolicyEgressRuleArgsDict = {
    "ports": [{"protocol": "UDP", "port": _DNS_PORT}, {"protocol": "TCP", "port": _DNS_PORT}]
}
_AGENT: NetworkPolicyEgressRuleArgsDict = {
    "to": [{"ip_block": {"cidr": _POD_IDENTITY_AGENT}}],
    "ports": [{"protocol": "TCP", "port": _HTTP_PORT}],
}


def client_policies(
    *, pod_ranges: Sequence[str], isolated_ranges: Sequence[str], broker_port: int
) -> dict[str, NetworkPolicySpecArgsDict]:
    """The specs of the policies of a namespace whose pods call AWS and the event stream, by name.

    Args:
        pod_ranges: every range that a pod of any namespace can have an address in.
        isolated_ranges: where brokers, the cache, the endpoints of AWS' services and the collector of metrics
            have their addresses.
        broker_port: the brokers', for clients with an IAM identity.
    """
    return {
        "default-deny": {"pod_selector": _ALL_PODS, "policy_types": ["Ingress", "Egress"]},
        "allow-dns": _egress(_ALL_PODS, _DNS),
        # AWS has no fixed addresses, but one port. Left out: other tenants' pods and the node's credentials.
        "allow-aws": _egress(
            _ALL_PODS,
            {
                "to": [{"ip_block": {"cidr": "0.0.0.0/0", "except_": [*pod_ranges, _INSTANCE_METADATA]}}],
                "ports": [{"protocol": "TCP", "port": _HTTPS_PORT}],
            },
            # A service with an endpoint answers to its public name there, in the VPC, left out above.
            # So does the API server, which lets nobody do anything without a token: these pods have none.
            _to(isolated_ranges, _HTTPS_PORT),
            _AGENT,
        ),
        "allow-streaming": _egress(_ALL_PODS, _to(isolated_ranges, broker_port)),
    }


def tenant_policies(
    *,
    pod_ranges: Sequence[str],
    isolated_ranges: Sequence[str],
    broker_port: int,
    cache_port: int,
    caller_ranges: Sequence[str],
    inference_ports: Sequence[int],
    metrics_port: int,
) -> dict[str, NetworkPolicySpecArgsDict]:
    """The specs of the policies of a tenant's namespace by name.

    Args:
        pod_ranges: as in `client_policies`.
        isolated_ranges: as in `client_policies`.
        broker_port: as in `client_policies`.
        cache_port: the cache's, for workloads whose identity may connect to it.
        caller_ranges: who may call the model server.
        inference_ports: its ports for callers.
        metrics_port: its port for the collector of metrics.
    """
    return {
        **client_policies(pod_ranges=pod_ranges, isolated_ranges=isolated_ranges, broker_port=broker_port),
        "allow-cache": _egress(_pods_of(*CACHE_CLIENTS), _to(isolated_ranges, cache_port)),
        "allow-training-peers": {
            "pod_selector": _pods_of("training"),
            "policy_types": ["Ingress", "Egress"],
            # All ports: collectives choose theirs when they connect.
            "ingress": [{"from_": [{"pod_selector": _pods_of("training")}]}],
            "egress": [{"to": [{"pod_selector": _pods_of("training")}]}],
        },
        "allow-inference-callers": {
            "pod_selector": _pods_of("inference"),
            "policy_types": ["Ingress"],
            "ingress": [
                {
                    "from_": [{"ip_block": {"cidr": address_range}} for address_range in caller_ranges],
                    "ports": [{"protocol": "TCP", "port": port} for port in inference_ports],
                }
            ],
        },
        "allow-metrics": _collected(_pods_of("inference"), isolated_ranges, metrics_port),
    }


def controller_policies(
    *, api_server_port: Input[int], isolated_ranges: Sequence[str], metrics_port: int
) -> dict[str, NetworkPolicySpecArgsDict]:
    """The specs of the policies of a namespace whose pods work with the API server and with AWS.

    Args:
        api_server_port: where the API server answers.
        isolated_ranges: where the collector of metrics has its addresses.
        metrics_port: their port for it.
    """
    return {
        "default-deny": {"pod_selector": _ALL_PODS, "policy_types": ["Ingress", "Egress"]},
        "allow-dns": _egress(_ALL_PODS, _DNS),
        "allow-aws": _egress(
            _ALL_PODS,
            {
                "to": [{"ip_block": {"cidr": "0.0.0.0/0", "except_": [_INSTANCE_METADATA]}}],
                "ports": [{"protocol": "TCP", "port": _HTTPS_PORT}],
            },
            _AGENT,
        ),
        "allow-api-server": _egress(_ALL_PODS, {"ports": [{"protocol": "TCP", "port": api_server_port}]}),
        "allow-metrics": _collected(_ALL_PODS, isolated_ranges, metrics_port),
    }


def _pods_of(*workloads: str) -> LabelSelectorArgsDict:
    if len(workloads) == 1:
        return {"match_labels": {WORKLOAD_LABEL: workloads[0]}}
    return {"match_expressions": [{"key": WORKLOAD_LABEL, "operator": "In", "values": [*workloads]}]}


def _to(address_ranges: Sequence[str], port: int) -> NetworkPolicyEgressRuleArgsDict:
    """One TCP port of all addresses of some ranges."""
    return {
        "to": [{"ip_block": {"cidr": address_range}} for address_range in address_ranges],
        "ports": [{"protocol": "TCP", "port": port}],
    }


def _collected(
    pod_selector: LabelSelectorArgsDict, address_ranges: Sequence[str], port: int
) -> NetworkPolicySpecArgsDict:
    """Metrics, and nothing else, for who collects them from ranges in which no pod has an address."""
    return {
        "pod_selector": pod_selector,
        "policy_types": ["Ingress"],
        "ingress": [
            {
                "from_": [{"ip_block": {"cidr": address_range}} for address_range in address_ranges],
                "ports": [{"protocol": "TCP", "port": port}],
            }
        ],
    }


def _egress(
    pod_selector: LabelSelectorArgsDict, *rules: NetworkPolicyEgressRuleArgsDict
) -> NetworkPolicySpecArgsDict:
    return {"pod_selector": pod_selector, "policy_types": ["Egress"], "egress": [*rules]}
