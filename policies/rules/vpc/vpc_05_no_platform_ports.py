"""VPC-05: no service of the platform is open to the internet."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.rules.vpc._openings import INWARD, world_openings

PORTS = {
    "ZooKeeper": (2181,),
    "etcd": (2379, 2380),
    "MLflow": (5000,),
    "PostgreSQL": (5432,),
    "Redis or Ray": (6379,),
    "Triton": (8000, 8001, 8002),
    "Ray": (8265, 10001),
    "Jupyter": (8888,),
    "Prometheus": (9090,),
    "Kafka": (*range(9092, 9099), *range(9192, 9199)),
    "the GPU exporter": (9400,),
    "kubelet": (10250,),
    "exporters of the brokers": (11001, 11002),
}


def check(group: Resource, context: Context) -> Iterator[Finding]:
    """Not even within a wider range of ports."""
    del context
    for opening in world_openings(group, "ingress"):
        for service, ports in PORTS.items():
            if any(port in opening.ports for port in ports):
                message = f"the internet gets to {service}"
                yield Finding(path=opening.path, message=message, key=f"{opening.path} {service}".strip())


RULE = Rule(
    id="VPC-05",
    title="The internet gets to no service of the platform.",
    severity=Severity.CRITICAL,
    why=("Most of these services take whoever connects for a friend: Ray and Jupyter run code for anybody."),
    remediation="Name the groups or private ranges that may connect.",
    frameworks={
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: (
            "1.3.1",
            "1.4.2",
        ),
        Framework.NIST: ("SC-7",),
    },
    equivalents=(
        "FSBP EC2.19",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_kafka_9092",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_postgres_5432",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_redis_6379",
    ),
    enforcement=ALWAYS,
    types=INWARD,
    check=check,
)
