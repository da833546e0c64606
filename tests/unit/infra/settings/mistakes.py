"""Mistakes that people make in a stack file: what each does to a good one, and the one problem it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Platform = dict[str, Any]
Change = Callable[[Platform], object]
TYPES = (
    "one of g4dn.xlarge, g4dn.12xlarge, g5.xlarge, g5.12xlarge, g5.48xlarge, g6.xlarge, g6.12xlarge, "
    "g6.48xlarge, g6e.xlarge, g6e.12xlarge, g6e.48xlarge, p4d.24xlarge, p5.48xlarge, p5en.48xlarge"
)


def _network(**changes: Any) -> Change:
    return lambda platform: platform["network"].update(changes)


def _pool(**changes: Any) -> Change:
    return lambda platform: platform["gpu_pools"]["gpu"].update(changes)


def _nodes(**changes: int) -> Change:
    return lambda platform: platform["gpu_pools"]["gpu"]["nodes"].update(changes)


def _tenant(**changes: Any) -> Change:
    return lambda platform: platform["tenants"]["vision"].update(changes)


def _part(part: str, **changes: Any) -> Change:
    return lambda platform: platform["tenants"]["vision"][part].update(changes)


CASES: list[tuple[str, Change, tuple[str, object, str, str]]] = [
    (
        "training pod larger than a node",
        _part("training", gpus_per_node=8),
        (
            "groundplan:platform.tenants.vision.training.gpus_per_node",
            8,
            "g6.12xlarge has 4 GPUs, and a pod is on one node",
            "at most 4, or a pool with a larger instance type",
        ),
    ),
    (
        "misspelt key",
        lambda platform: platform["lake"].update(noncurent_days=3),
        (
            "groundplan:platform.lake.noncurent_days",
            3,
            "there is no such key",
            "one of noncurrent_days, personal_days, checkpoint_days, access_log_days, query_result_days, "
            "query_limit_gib, tiers; did you mean 'noncurrent_days'?",
        ),
    ),
    (
        "missing key",
        lambda platform: platform["network"].pop("zones"),
        (
            "groundplan:platform.network.zones",
            None,
            "the key is missing",
            "a list of 3 entries. Three availability zones of the region.",
        ),
    ),
    (
        "number as text",
        _part("inference", cpu_target_percent="70"),
        (
            "groundplan:platform.tenants.vision.inference.cpu_target_percent",
            "70",
            "this is not a whole number",
            "a whole number from 1 to 100",
        ),
    ),
    (
        "CPU target above 100",
        _part("inference", cpu_target_percent=170),
        (
            "groundplan:platform.tenants.vision.inference.cpu_target_percent",
            170,
            "input should be less than or equal to 100",
            "a whole number from 1 to 100",
        ),
    ),
    (
        "text for a truth value",
        lambda platform: platform.update(protect_data="yes"),
        ("groundplan:platform.protect_data", "yes", "this is neither true nor false", "true or false"),
    ),
    (
        "text for a number",
        _part("training", learning_rate="fast"),
        (
            "groundplan:platform.tenants.vision.training.learning_rate",
            "fast",
            "this is not a number",
            "a number above 0 to 1",
        ),
    ),
    (
        "number for a mapping",
        lambda platform: platform.update(lake=3),
        (
            "groundplan:platform.lake",
            3,
            "this is not a mapping",
            "a mapping with the keys noncurrent_days, personal_days, checkpoint_days, access_log_days, "
            "query_result_days, query_limit_gib, tiers",
        ),
    ),
    (
        "range too small",
        _network(vpc_range="10.40.0.0/24"),
        (
            "groundplan:platform.network.vpc_range",
            "10.40.0.0/24",
            "the range is too small: 256 addresses",
            "a prefix from /16 to /20",
        ),
    ),
    (
        "range too large",
        _network(vpc_range="10.0.0.0/8"),
        (
            "groundplan:platform.network.vpc_range",
            "10.0.0.0/8",
            "the range is too large: 16777216 addresses",
            "a prefix from /16 to /20",
        ),
    ),
    (
        "public range",
        _network(vpc_range="52.0.0.0/16"),
        (
            "groundplan:platform.network.vpc_range",
            "52.0.0.0/16",
            "the range is public",
            "a range inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
        ),
    ),
    (
        "range that overlaps the services",
        _network(vpc_range="172.20.0.0/18"),
        (
            "groundplan:platform.network.vpc_range",
            "172.20.0.0/18",
            "the range overlaps groundplan:platform.cluster.service_range (172.20.0.0/16)",
            "a private range that overlaps neither 172.20.0.0/16 nor 100.64.0.0/10",
        ),
    ),
    (
        "range with host bits",
        _network(vpc_range="10.40.0.1/16"),
        (
            "groundplan:platform.network.vpc_range",
            "10.40.0.1/16",
            "this is not an address range: 10.40.0.1/16 has host bits set",
            "an IPv4 range such as 10.40.0.0/16, whose host bits are zero",
        ),
    ),
    (
        "number for a range",
        _network(vpc_range=16),
        (
            "groundplan:platform.network.vpc_range",
            16,
            "this is not an address range",
            "an IPv4 range such as 10.40.0.0/16, whose host bits are zero",
        ),
    ),
    (
        "public callers",
        _part("inference", caller_ranges=["0.0.0.0/0"]),
        (
            "groundplan:platform.tenants.vision.inference.caller_ranges[0]",
            "0.0.0.0/0",
            "the range is public",
            "a range inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
        ),
    ),
    (
        "unknown instance type",
        _pool(instance_type="g6.12xlrge"),
        (
            "groundplan:platform.gpu_pools.gpu.instance_type",
            "g6.12xlrge",
            "there is no GPU instance type of this name",
            f"{TYPES}; did you mean 'g6.12xlarge'?",
        ),
    ),
    (
        "untried Kubernetes version",
        lambda platform: platform["cluster"].update(kubernetes_version="1.29"),
        (
            "groundplan:platform.cluster.kubernetes_version",
            "1.29",
            "there is no tried Kubernetes version of this name",
            "one of 1.35",
        ),
    ),
    (
        "two zones",
        _network(zones=["eu-central-1a", "eu-central-1b"]),
        (
            "groundplan:platform.network.zones",
            ["eu-central-1a", "eu-central-1b"],
            "there are too few entries",
            "a list of 3 entries",
        ),
    ),
    (
        "zone twice",
        _network(zones=["eu-central-1a", "eu-central-1b", "eu-central-1a"]),
        (
            "groundplan:platform.network.zones[2]",
            "eu-central-1a",
            "the zone is named twice",
            "three different zones",
        ),
    ),
    (
        "zone of another region",
        _network(zones=["eu-central-1a", "eu-central-1b", "eu-west-1c"]),
        (
            "groundplan:platform.network.zones[2]",
            "eu-west-1c",
            "the zone is not in the region eu-central-1",
            "eu-central-1a, eu-central-1b, ...",
        ),
    ),
    (
        "unknown choice",
        _network(nat_gateways="two"),
        (
            "groundplan:platform.network.nat_gateways",
            "two",
            "the value is not known",
            "one of one, one-per-zone",
        ),
    ),
    (
        "retention that CloudWatch does not know",
        _network(flow_log_retention_days=31),
        (
            "groundplan:platform.network.flow_log_retention_days",
            31,
            "the value is not known",
            "one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653",
        ),
    ),
    (
        "replica bounds the wrong way round",
        _part("inference", replicas={"min": 5, "max": 4}),
        (
            "groundplan:platform.tenants.vision.inference.replicas.max",
            4,
            "max is 4, less than min, which is 5",
            "at least 5",
        ),
    ),
    (
        "no replica",
        _part("inference", replicas={"min": 0, "max": 4}),
        (
            "groundplan:platform.tenants.vision.inference.replicas.min",
            0,
            "input should be greater than or equal to 1",
            "a whole number from 1 to 1000",
        ),
    ),
    (
        "node bounds the wrong way round",
        _nodes(min=2, desired=1),
        (
            "groundplan:platform.gpu_pools.gpu.nodes.desired",
            1,
            "desired is 1, less than min, which is 2",
            "at least 2",
        ),
    ),
    (
        "batch that cannot be shared",
        _part("training", batch_size=63),
        (
            "groundplan:platform.tenants.vision.training.batch_size",
            63,
            "2 processes cannot share a batch of 63 equally",
            "a multiple of 2",
        ),
    ),
    (
        "quota below the peak",
        _part("quota", gpus=8),
        (
            "groundplan:platform.tenants.vision.quota.gpus",
            8,
            "the tenant's peak is 22 GPUs: 2 x 1 to train, 20 to serve",
            "at least 22, or fewer training nodes or inference replicas",
        ),
    ),
    (
        "peak without capacity behind it",
        _nodes(max=3),
        (
            "groundplan:platform.gpu_pools.gpu.nodes.max",
            3,
            "3 x g6.12xlarge have 12 GPUs, but the quotas of vision promise 24",
            "at least 6, or smaller quotas",
        ),
    ),
    (
        "pool that is not there",
        _tenant(pool="gpus"),
        (
            "groundplan:platform.tenants.vision.pool",
            "gpus",
            "there is no GPU pool of this name",
            "one of gpu; did you mean 'gpu'?",
        ),
    ),
    (
        "name that cannot be a namespace",
        lambda platform: platform["tenants"].update({"Computer Vision": platform["tenants"].pop("vision")}),
        (
            "groundplan:platform.tenants.Computer Vision",
            "Computer Vision",
            "the name cannot be used",
            "a name that matches ^[a-z][a-z0-9-]{0,19}$",
        ),
    ),
    (
        "stack of another environment",
        lambda platform: platform.update(environment="prod"),
        (
            "groundplan:platform.environment",
            "prod",
            "the environment is not the stack",
            "dev, or rename the stack",
        ),
    ),
    (
        "no epochs",
        _part("training", epochs=0),
        (
            "groundplan:platform.tenants.vision.training.epochs",
            0,
            "input should be greater than or equal to 1",
            "a whole number from 1 to 10000",
        ),
    ),
    (
        "learning rate above 1",
        _part("training", learning_rate=1.5),
        (
            "groundplan:platform.tenants.vision.training.learning_rate",
            1.5,
            "input should be less than or equal to 1",
            "a number above 0 to 1",
        ),
    ),
    (
        "too long a run",
        _part("training", max_hours=721),
        (
            "groundplan:platform.tenants.vision.training.max_hours",
            721,
            "input should be less than or equal to 720",
            "a whole number from 1 to 720",
        ),
    ),
    (
        "negative number of nodes",
        _nodes(min=-1),
        (
            "groundplan:platform.gpu_pools.gpu.nodes.min",
            -1,
            "input should be greater than or equal to 0",
            "a whole number from 0 to 100",
        ),
    ),
    (
        "volume too small",
        _pool(volume_gib=8),
        (
            "groundplan:platform.gpu_pools.gpu.volume_gib",
            8,
            "input should be greater than or equal to 50",
            "a whole number from 50 to 16384",
        ),
    ),
    (
        "pool without nodes",
        _nodes(max=0),
        (
            "groundplan:platform.gpu_pools.gpu.nodes.max",
            0,
            "input should be greater than or equal to 1",
            "a whole number from 1 to 100",
        ),
    ),
    (
        "owner with a line break",
        lambda platform: platform.update(owner="a\nb"),
        (
            "groundplan:platform.owner",
            "a\nb",
            "the text has another form",
            "text that matches ^[\\w .:/=+@-]+$. Team that answers for the environment; becomes a tag.",
        ),
    ),
    (
        "no tenants",
        lambda platform: platform.update(tenants={}),
        (
            "groundplan:platform.tenants",
            {},
            "there are too few entries",
            "a mapping of names to settings, at least 1",
        ),
    ),
    (
        "no administrators",
        lambda platform: platform.update(administrators=[]),
        (
            "groundplan:platform.administrators",
            [],
            "there are too few entries",
            "a list of at least 1 entries",
        ),
    ),
    (
        "a reader that administers",
        lambda platform: platform.update(readers=["groundplan-deployer"]),
        (
            "groundplan:platform.readers[0]",
            "groundplan-deployer",
            "groundplan-deployer is one of the administrators",
            "a role that is not",
        ),
    ),
    (
        "limit below the request",
        _part("inference", size={"cpu_millicores": 500, "cpu_limit_millicores": 100, "memory_mib": 256}),
        (
            "groundplan:platform.tenants.vision.inference.size.cpu_limit_millicores",
            100,
            "cpu_limit_millicores is 100, less than cpu_millicores, which is 500",
            "at least 500",
        ),
    ),
]
