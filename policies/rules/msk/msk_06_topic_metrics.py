"""MSK-06: each topic can be watched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity

LEVELS = ("PER_TOPIC_PER_BROKER", "PER_TOPIC_PER_PARTITION")


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """In CloudWatch, or by the JMX exporter, which has the same of each topic and costs nothing."""
    del context
    by_exporter = cluster.view.flag("openMonitoring.prometheus.jmxExporter.enabledInBroker")
    if not by_exporter and cluster.view.text("enhancedMonitoring", "DEFAULT") not in LEVELS:
        yield Finding(path="enhancedMonitoring", message="no metrics of each topic")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """More metrics, billed by CloudWatch; nothing restarts."""
    del context
    return {**properties, "enhancedMonitoring": LEVELS[0]}


RULE = Rule(
    id="MSK-06",
    title="There are metrics of each topic.",
    severity=Severity.MEDIUM,
    why="A topic that stops, or that one tenant floods, is invisible in the sums of a broker.",
    remediation=(
        "Let Prometheus read the brokers (open_monitoring with the JMX exporter), or set "
        "enhanced_monitoring to PER_TOPIC_PER_BROKER."
    ),
    frameworks={
        Framework.SOC2: ("CC7.2",),
        Framework.NIST: (
            "AU-6",
            "SI-4",
        ),
    },
    equivalents=(
        "FSBP MSK.2",
        "prowler:kafka_cluster_enhanced_monitoring_enabled",
    ),
    enforcement=IN_PROD,
    types=("aws:msk/cluster:Cluster",),
    check=check,
    rewrite=rewrite,
)
