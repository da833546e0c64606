"""EKS-01: the API server is reached from private networks only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.networks import is_world
from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """No public endpoint; in dev one that is open to some ranges, but not to the internet."""
    access = cluster.view.object("vpcConfig")
    if not access.flag("endpointPrivateAccess"):
        yield Finding(
            path=access.where("endpointPrivateAccess"),
            message="nodes reach it by the internet",
            key="private",
        )
    if not access.flag("endpointPublicAccess", default=True):
        return
    path = access.where("endpointPublicAccess")
    if context.environment != "dev":
        yield Finding(path=path, message="the API server is on the internet", key="public")
        return
    ranges = access.texts("publicAccessCidrs")
    if not ranges or any(is_world(each) for each in ranges):
        message = "the API server is open to the whole internet"
        yield Finding(path=access.where("publicAccessCidrs"), message=message, key="ranges")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Close the public endpoint and open the private one."""
    del context
    access = properties.get("vpcConfig")
    closed = {"endpointPrivateAccess": True, "endpointPublicAccess": False}
    return {**properties, "vpcConfig": {**(access if isinstance(access, Mapping) else {}), **closed}}


RULE = Rule(
    id="EKS-01",
    title="The API server is reached from private networks only.",
    severity=Severity.CRITICAL,
    why="An API server on the internet is one stolen token, or one flaw, away from everybody.",
    remediation=(
        "Set endpoint_private_access=True and endpoint_public_access=False; in dev, public access"
        " needs public_access_cidrs."
    ),
    frameworks={
        Framework.CIS_EKS: (
            "5.4.1",
            "5.4.2",
        ),
        Framework.PCI_DSS: (
            "1.3.1",
            "1.4.2",
        ),
        Framework.NIST: ("SC-7",),
    },
    equivalents=(
        "CKV_AWS_38",
        "CKV_AWS_39",
        "FSBP EKS.1",
        "prowler:eks_cluster_not_publicly_accessible",
    ),
    enforcement=ALWAYS,
    types=("aws:eks/cluster:Cluster",),
    check=check,
    rewrite=rewrite,
)
