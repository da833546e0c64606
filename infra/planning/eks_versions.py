"""Kubernetes versions that EKS runs for us, each with the add-on versions that were tried with it."""

from __future__ import annotations

from dataclasses import dataclass

AS_OF = "2026-11-23"
"""The day on which the table was last looked through (`aws eks describe-addon-versions`)."""


@dataclass(frozen=True, kw_only=True)
class AddonVersions:
    """Pinned versions; the fields of add-ons are named as they are, with dashes for underscores."""

    vpc_cni: str
    kube_proxy: str
    eks_pod_identity_agent: str
    eks_node_monitoring_agent: str
    coredns: str
    metrics_server: str
    aws_ebs_csi_driver: str
    aws_fsx_csi_driver: str
    aws_mountpoint_s3_csi_driver: str
    bottlerocket: str
    """The operating system of nodes that Karpenter launches. EKS picks that of managed node groups."""


KUBERNETES_VERSIONS = {
    "1.35": AddonVersions(
        vpc_cni="v1.21.1-eksbuild.7",
        kube_proxy="v1.35.3-eksbuild.2",
        eks_pod_identity_agent="v1.3.10-eksbuild.2",
        eks_node_monitoring_agent="v1.6.1-eksbuild.1",
        coredns="v1.13.2-eksbuild.4",
        metrics_server="v0.8.1-eksbuild.5",
        aws_ebs_csi_driver="v1.62.0-eksbuild.1",
        aws_fsx_csi_driver="v1.8.0-eksbuild.1",
        aws_mountpoint_s3_csi_driver="v2.7.0-eksbuild.1",
        bottlerocket="v1.64.0",
    ),
}
