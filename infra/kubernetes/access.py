"""The provider of Kubernetes resources: logs in to the cluster with the deployer's IAM identity."""

from __future__ import annotations

import json

import pulumi
from pulumi import Output
from pulumi_kubernetes.provider import Provider

from infra.aws.cluster import ClusterOutputs


def kubernetes_provider(cluster: ClusterOutputs, *, region: str, opts: pulumi.ResourceOptions) -> Provider:
    """A provider that gets a fresh token from AWS for each session: no credential is stored.

    Args:
        cluster: the cluster to log in to.
        region: its region.
        opts: must depend on the access entry of the deployer's role.
    """
    kubeconfig = Output.all(
        name=cluster.name, endpoint=cluster.endpoint, certificate_authority=cluster.certificate_authority
    ).apply(lambda facts: json.dumps(_kubeconfig(region=region, **facts)))
    return Provider("cluster", kubeconfig=kubeconfig, enable_server_side_apply=True, opts=opts)


def _kubeconfig(*, name: str, endpoint: str, certificate_authority: str, region: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": name,
                "cluster": {"server": endpoint, "certificate-authority-data": certificate_authority},
            }
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
        "users": [
            {
                "name": name,
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1beta1",
                        "command": "aws",
                        "args": [
                            "eks",
                            "get-token",
                            "--cluster-name",
                            name,
                            "--region",
                            region,
                            "--output",
                            "json",
                        ],
                        "interactiveMode": "Never",
                    }
                },
            }
        ],
    }
