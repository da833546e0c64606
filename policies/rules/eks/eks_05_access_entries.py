"""EKS-05: access to the cluster is by entries only."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """Entries alone decide, and the deployer is no silent administrator."""
    del context
    access = cluster.view.object("accessConfig")
    if access.text("authenticationMode", "CONFIG_MAP") != "API":
        message = "the ConfigMap aws-auth grants access too"
        yield Finding(path=access.where("authenticationMode"), message=message, key="mode")
    if access.flag("bootstrapClusterCreatorAdminPermissions", default=True):
        path = access.where("bootstrapClusterCreatorAdminPermissions")
        yield Finding(path=path, message="whoever creates the cluster is its administrator", key="creator")


RULE = Rule(
    id="EKS-05",
    title="Access to the cluster is granted by access entries only.",
    severity=Severity.HIGH,
    why=(
        "A ConfigMap that maps roles, or an administrator that nobody declared, is access which "
        "no review sees."
    ),
    remediation=(
        "Set access_config with authentication_mode API and "
        "bootstrap_cluster_creator_admin_permissions False."
    ),
    frameworks={
        Framework.CIS_EKS: (
            "4.1.7",
            "5.5.1",
        ),
        Framework.SOC2: ("CC6.3",),
        Framework.NIST: ("AC-2",),
    },
    enforcement=FROM_STAGING,
    types=("aws:eks/cluster:Cluster",),
    check=check,
)
