"""MSK-03: brokers have no public addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity

PATH = ("brokerNodeGroupInfo", "connectivityInfo", "publicAccess")


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """Public access is off, as it is where nothing is said."""
    del context
    path = ".".join((*PATH, "type"))
    if cluster.view.text(path, "DISABLED") != "DISABLED":
        yield Finding(path=path, message="brokers have public addresses")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Take the addresses away; clients in the VPC keep theirs."""
    del context
    return _with(properties, PATH, {"type": "DISABLED"})


def _with(properties: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    if not path:
        return dict(value)
    inner = properties.get(path[0])
    inner = inner if isinstance(inner, Mapping) else {}
    return {**properties, path[0]: _with(inner, path[1:], value)}


RULE = Rule(
    id="MSK-03",
    title="Brokers cannot be reached from the internet.",
    severity=Severity.CRITICAL,
    why=("A broker on the internet leaves one password or one certificate between everybody and all events."),
    remediation="Leave public_access out, or set its type to DISABLED.",
    frameworks={
        Framework.HIPAA: ("164.312(a)(1)",),
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: ("1.4.2",),
        Framework.NIST: ("SC-7",),
    },
    equivalents=(
        "CKV_AWS_291",
        "prowler:kafka_cluster_is_public",
    ),
    enforcement=ALWAYS,
    types=("aws:msk/cluster:Cluster",),
    check=check,
    rewrite=rewrite,
)
