"""MSK-04: every client says who it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity

SERVERLESS = "aws:msk/serverlessCluster:ServerlessCluster"


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """Something identifies clients, and nothing lets the others in. MSK lets all in where nothing is said."""
    del context
    access = cluster.view.object("clientAuthentication")
    if cluster.type == SERVERLESS:
        if not access.flag("sasl.iam.enabled"):
            yield Finding(path=access.where("sasl.iam.enabled"), message="IAM is off", key="none")
        return
    if access.flag("unauthenticated"):
        path = access.where("unauthenticated")
        yield Finding(path=path, message="clients need not say who they are", key="unauthenticated")
    if not access.flag("sasl.iam") and not access.texts("tls.certificateAuthorityArns"):
        yield Finding(path=access.where("sasl.iam"), message="neither IAM nor certificates", key="none")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """IAM on, unauthenticated off; clients without credentials are shut out, as they should be."""
    del context
    if "vpcConfigs" in properties:
        return {**properties, "clientAuthentication": {"sasl": {"iam": {"enabled": True}}}}
    access = properties.get("clientAuthentication")
    access = dict(access) if isinstance(access, Mapping) else {}
    sasl = access.get("sasl")
    access["sasl"] = {**(sasl if isinstance(sasl, Mapping) else {}), "iam": True}
    return {**properties, "clientAuthentication": {**access, "unauthenticated": False}}


RULE = Rule(
    id="MSK-04",
    title="Clients authenticate by IAM or by certificates; nobody is let in unasked.",
    severity=Severity.CRITICAL,
    why=("Where unauthenticated clients are let in, every pod of every tenant reads every topic."),
    remediation="Set client_authentication to sasl iam True (or tls), and unauthenticated False.",
    frameworks={
        Framework.HIPAA: ("164.312(d)",),
        Framework.SOC2: ("CC6.1",),
        Framework.PCI_DSS: (
            "7.3.1",
            "8.2.1",
        ),
        Framework.NIST: (
            "IA-3",
            "AC-3",
        ),
    },
    equivalents=(
        "prowler:kafka_cluster_unrestricted_access_disabled",
        "prowler:kafka_cluster_mutual_tls_authentication_enabled",
    ),
    enforcement=ALWAYS,
    types=(
        "aws:msk/cluster:Cluster",
        "aws:msk/serverlessCluster:ServerlessCluster",
    ),
    check=check,
    rewrite=rewrite,
)
