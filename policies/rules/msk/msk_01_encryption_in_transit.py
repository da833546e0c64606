"""MSK-01: events travel encrypted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """No plaintext port, no plaintext between brokers. MSK encrypts where nothing is said."""
    del context
    transit = cluster.view.object("encryptionInfo.encryptionInTransit")
    if transit.text("clientBroker", "TLS") != "TLS":
        path = transit.where("clientBroker")
        yield Finding(path=path, message="clients may talk without TLS", key="clients")
    if not transit.flag("inCluster", default=True):
        yield Finding(path=transit.where("inCluster"), message="brokers talk without TLS", key="brokers")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """TLS for clients; that between brokers is settled when a cluster is made."""
    del context
    info = properties.get("encryptionInfo")
    info = dict(info) if isinstance(info, Mapping) else {}
    transit = info.get("encryptionInTransit")
    transit = dict(transit) if isinstance(transit, Mapping) else {}
    info["encryptionInTransit"] = {**transit, "clientBroker": "TLS", "inCluster": True}
    return {**properties, "encryptionInfo": info}


RULE = Rule(
    id="MSK-01",
    title="Clients and brokers talk by TLS only.",
    severity=Severity.HIGH,
    why="Events hold personal data, and the network between zones is not ours.",
    remediation=(
        "Set encryption_in_transit to client_broker TLS and in_cluster True; see infra/aws/streaming.py."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(e)(1)",),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("CC6.7",),
        Framework.PCI_DSS: ("4.2.1",),
        Framework.NIST: ("SC-8",),
    },
    equivalents=(
        "CKV_AWS_81",
        "FSBP MSK.1",
        "prowler:kafka_cluster_in_transit_encryption_enabled",
    ),
    enforcement=ALWAYS,
    types=("aws:msk/cluster:Cluster",),
    check=check,
    rewrite=rewrite,
)
