"""MSK-07: brokers stand in three zones."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

SUBNET = "aws:ec2/subnet:Subnet"
ZONES = 3


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """Subnets of this stack are asked for their zones; of others there have to be three."""
    brokers = cluster.view.number("numberOfBrokerNodes")
    if brokers < ZONES or brokers % ZONES:
        message = "fewer than three brokers, or not as many in each zone"
        yield Finding(path="numberOfBrokerNodes", message=message, key="brokers")
    subnets = context.stack.referred(cluster, "brokerNodeGroupInfo", SUBNET)
    path = "brokerNodeGroupInfo.clientSubnets"
    zones = {_zone(each) for each in subnets} if subnets else set(cluster.view.texts(path))
    if len(zones) < ZONES:
        yield Finding(path=path, message=f"in fewer than {ZONES} zones", key="zones")


def _zone(subnet: Resource) -> str:
    return subnet.view.text("availabilityZone") or subnet.view.text("availabilityZoneId")


RULE = Rule(
    id="MSK-07",
    title="Brokers stand in three zones, as many in each.",
    severity=Severity.HIGH,
    why=("With fewer zones the loss of one takes a majority of replicas, and topics stop taking events."),
    remediation=(
        "Give the cluster three subnets in three zones, and a number of brokers that is a multiple of three."
    ),
    frameworks={
        Framework.SOC2: ("A1.2",),
        Framework.HIPAA: ("164.308(a)(7)(i)",),
        Framework.NIST: ("CP-10",),
    },
    enforcement=FROM_STAGING,
    types=("aws:msk/cluster:Cluster",),
    check=check,
    needs_stack=True,
)
