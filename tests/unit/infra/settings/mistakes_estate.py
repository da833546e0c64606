"""More mistakes that people make in a stack file: ways out of the network, pools, cache and edge."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.unit.infra.settings.mistakes import Change


def _network(**changes: Any) -> Change:
    return lambda platform: platform["network"].update(changes)


def _pool(**changes: Any) -> Change:
    return lambda platform: platform["gpu_pools"]["gpu"].update(changes)


def _block(ends: str, **changes: Any) -> Change:
    block = {"reservation_id": "cr-0123456789abcdef0", "starts": "2027-03-01T11:30:00Z", "ends": ends}
    empty = {"zone": "eu-central-1a", "nodes": {"min": 0, "desired": 0, "max": 6}}
    purchase = {"option": "capacity-block", "capacity_block": block}
    return _pool(**{**empty, "purchase": purchase, **changes})


def _fabric(*, instance_type: str = "g6.12xlarge", gpus_per_node: int = 4, **training: Any) -> Change:
    """A pool with EFA, and the tenant's training on it."""

    def change(platform: dict[str, Any]) -> None:
        platform["gpu_pools"]["gpu"] |= {
            "efa": True,
            "instance_type": instance_type,
            "zone": "eu-central-1a",
            "nodes": {"min": 0, "desired": 0, "max": 12},
        }
        platform["account_quotas"]["on_demand"] |= {"g": 10_000, "p": 10_000}
        vision = platform["tenants"]["vision"]
        vision["quota"]["gpus"] = 40
        vision["training"] |= {"gpus_per_node": gpus_per_node, "batch_size": 64, **training}

    return change


def _two_on_a_fabric(platform: dict[str, Any]) -> None:
    _fabric()(platform)
    platform["tenants"]["vision"]["quota"]["gpus"] = 24
    platform["tenants"]["vision"]["inference"]["replicas"] = {"min": 1, "max": 2}
    platform["tenants"]["speech"] = deepcopy(platform["tenants"]["vision"])


def _training(**changes: Any) -> Change:
    return lambda platform: platform["tenants"]["vision"]["training"].update(changes)


CASES: list[tuple[str, Change, tuple[str, object, str, str]]] = [
    (
        "transit gateway that leads into the VPC",
        _network(transit_gateway={"id": "tgw-0a1b2c3d4e5f60718", "ranges": ["10.0.0.0/12", "10.40.4.0/24"]}),
        (
            "groundplan:platform.network.transit_gateway.ranges[1]",
            "10.40.4.0/24",
            "the range is inside vpc_range (10.40.0.0/16), whose traffic never leaves it",
            "private ranges of networks outside",
        ),
    ),
    (
        "endpoint of an unknown service",
        _network(endpoints=["sts", "s4"]),
        (
            "groundplan:platform.network.endpoints[1]",
            "s4",
            "the value is not known",
            "one of aps-workspaces, autoscaling, ec2, ecr.api, ecr.dkr, eks, eks-auth, elasticloadbalancing, "
            "kms, logs, monitoring, secretsmanager, sns, sqs, ssm, sts",
        ),
    ),
    (
        "organisation by its name",
        _network(organization_id="acme"),
        (
            "groundplan:platform.network.organization_id",
            "acme",
            "the text has another form",
            "text that matches ^o-[a-z0-9]{10,32}$. AWS organisation of the account: endpoints then let its "
            "members' resources be reached, and nobody else's. Without it they reach those of this account "
            "only.",
        ),
    ),
    (
        "load balancer with more rules than a security group has",
        lambda platform: platform["tenants"]["vision"]["inference"].update(
            caller_ranges=[f"10.{number}.0.0/16" for number in range(100, 120)]
        ),
        (
            "groundplan:platform.network.security_group_rules",
            None,
            "load balancers of vision need 69 inbound rules in the nodes' security group",
            "fewer tenants or caller_ranges, or at least 69 once VPC grants them: `aws service-quotas "
            "request-service-quota-increase --service-code vpc --quota-code L-0EA8095F --desired-value 69`",
        ),
    ),
    (
        "EFA over zones",
        _pool(efa=True),
        (
            "groundplan:platform.gpu_pools.gpu.efa",
            True,
            "EFA and a cluster placement group work within one zone only",
            "false, or one zone: groundplan:platform.gpu_pools.gpu.zone",
        ),
    ),
    (
        "EFA on a type without it",
        _pool(efa=True, instance_type="g6.xlarge", zone="eu-central-1a"),
        (
            "groundplan:platform.gpu_pools.gpu.efa",
            True,
            "g6.xlarge has no Elastic Fabric Adapter",
            "false, or an instance type with EFA: g4dn.12xlarge, g5.12xlarge, g5.48xlarge, g6.12xlarge, "
            "g6.48xlarge, g6e.12xlarge, g6e.48xlarge, p4d.24xlarge, p5.48xlarge, p5en.48xlarge",
        ),
    ),
    (
        "EFA that nobody uses",
        _fabric(nodes=1),
        (
            "groundplan:platform.gpu_pools.gpu.efa",
            True,
            "the pool has Elastic Fabric Adapters, and nobody trains over several of its nodes",
            "false, or a tenant with training.pool: gpu and training.nodes from 2 on",
        ),
    ),
    (
        "EFA that two tenants share",
        _two_on_a_fabric,
        (
            "groundplan:platform.gpu_pools.gpu.efa",
            True,
            "speech and vision would reach each other past their network policies",
            "one tenant with training.pool: gpu and training.nodes from 2 on; a pool for each",
        ),
    ),
    (
        "less than an adapter for a pod",
        _fabric(gpus_per_node=1),
        (
            "groundplan:platform.tenants.vision.training.gpus_per_node",
            1,
            "g6.12xlarge has 1 EFA interfaces for 4 GPUs: the share of 1 is no whole number",
            "4",
        ),
    ),
    (
        "half an adapter for a pod",
        _fabric(instance_type="p4d.24xlarge", gpus_per_node=1),
        (
            "groundplan:platform.tenants.vision.training.gpus_per_node",
            1,
            "p4d.24xlarge has 4 EFA interfaces for 8 GPUs: the share of 1 is no whole number",
            "one of 2, 4, 6, 8",
        ),
    ),
    (
        "training pods with more memory than a node has",
        _training(size={"cpu_millicores": 4000, "cpu_limit_millicores": 8000, "memory_mib": 196608}),
        (
            "groundplan:platform.tenants.vision.training.size.memory_mib",
            196608,
            "a g6.12xlarge has 176947 for pods",
            "at most 176947, or a pool with a larger instance type",
        ),
    ),
    (
        "model servers with more processors than a node has",
        lambda platform: platform["tenants"]["vision"]["inference"].update(
            size={"cpu_millicores": 48000, "cpu_limit_millicores": 48000, "memory_mib": 2048}
        ),
        (
            "groundplan:platform.tenants.vision.inference.size.cpu_millicores",
            48000,
            "a g6.12xlarge has 43200 for pods",
            "at most 43200, or a pool with a larger instance type",
        ),
    ),
    (
        "training on a pool that is not there",
        _training(pool="gpus"),
        (
            "groundplan:platform.tenants.vision.training.pool",
            "gpus",
            "there is no GPU pool of this name",
            "one of gpu; did you mean 'gpu'?",
        ),
    ),
    (
        "pool in a zone without a subnet",
        _pool(zone="eu-central-1d"),
        (
            "groundplan:platform.gpu_pools.gpu.zone",
            "eu-central-1d",
            "the network has no subnet in this zone",
            "one of eu-central-1a, eu-central-1b, eu-central-1c; did you mean 'eu-central-1c'?",
        ),
    ),
    (
        "edge that leads back to itself",
        lambda platform: platform.update(
            edge={
                "domain": "ai.example.com",
                "origin": "eu.ai.example.com",
                "standby_origin": "us.example.net",
            }
        ),
        (
            "groundplan:platform.edge.origin",
            "eu.ai.example.com",
            "the name is ai.example.com or below it, which leads back to CloudFront",
            "the name of a load balancer, or a name in another zone",
        ),
    ),
    (
        "fallback of a pool that is not spot",
        _pool(purchase={"option": "on-demand", "fallback_types": ["g5.12xlarge"]}),
        (
            "groundplan:platform.gpu_pools.gpu.purchase.fallback_types",
            ["g5.12xlarge"],
            "only spot falls back, and the pool is bought on-demand",
            "nothing, or option: spot",
        ),
    ),
    (
        "fallback to nodes with fewer GPUs",
        _pool(purchase={"option": "spot", "fallback_types": ["g5.12xlarge", "g6.xlarge"]}),
        (
            "groundplan:platform.gpu_pools.gpu.purchase.fallback_types[1]",
            "g6.xlarge",
            "g6.xlarge has 1 GPUs and 0 EFA interfaces, and g6.12xlarge has 4 and 1",
            "one of g4dn.12xlarge, g5.12xlarge, g6e.12xlarge; did you mean 'g6e.12xlarge'?",
        ),
    ),
    (
        "reservation in three zones",
        _pool(purchase={"option": "reserved"}),
        (
            "groundplan:platform.gpu_pools.gpu.purchase.option",
            "reserved",
            "a reservation is in one zone, and the pool is in three",
            "on-demand or spot, or one zone: groundplan:platform.gpu_pools.gpu.zone",
        ),
    ),
    (
        "capacity block that is not named",
        _pool(purchase={"option": "capacity-block"}, zone="eu-central-1a"),
        (
            "groundplan:platform.gpu_pools.gpu.purchase.capacity_block",
            None,
            "the block is not named",
            "reservation_id, starts and ends",
        ),
    ),
    (
        "capacity block whose nodes have to be there before it starts",
        _block(ends="2027-03-03T11:30:00Z", nodes={"min": 1, "desired": 1, "max": 6}),
        (
            "groundplan:platform.gpu_pools.gpu.nodes.min",
            1,
            "the nodes of a Capacity Block are there from its start to its end only",
            "0: scale the pool up when the block starts",
        ),
    ),
    (
        "capacity block that ends before the last checkpoint of a run",
        _block(ends="2027-03-01T23:30:00Z"),
        (
            "groundplan:platform.gpu_pools.gpu.purchase.capacity_block.ends",
            "2027-03-01T23:30:00Z",
            "nodes are drained from 2027-03-01T22:50:00+00:00, and a run of vision takes up to 12 h",
            "a later end, or groundplan:platform.tenants.vision.training.max_hours of at most 11",
        ),
    ),
    (
        "capacity block that ends before it starts",
        _block(ends="2027-02-01T11:30:00Z"),
        (
            "groundplan:platform.gpu_pools.gpu.purchase.capacity_block.ends",
            "2027-02-01T11:30:00Z",
            "the block ends before it starts",
            "a time after 2027-03-01T11:30:00+00:00",
        ),
    ),
    (
        "MIG on a GPU that has none",
        _pool(sharing={"strategy": "mig", "parts": 7}),
        (
            "groundplan:platform.gpu_pools.gpu.sharing.parts",
            7,
            "MIG does not divide the L4 of g6.12xlarge into 7",
            "time-slicing, or GPUs of A100, H100, H200",
        ),
    ),
    (
        "training over parts of GPUs",
        _pool(sharing={"strategy": "time-slicing", "parts": 4}),
        (
            "groundplan:platform.gpu_pools.gpu.sharing",
            {"strategy": "time-slicing", "parts": 4},
            "processes that train together need whole GPUs, and tenant vision trains on several",
            "no sharing, or tenants that train on one GPU, without efa",
        ),
    ),
    (
        "schema that says nothing",
        lambda platform: platform["streaming"].update(schemas={"events": {"definition": {"title": "x"}}}),
        (
            "groundplan:platform.streaming.schemas.events.definition",
            {"title": "x"},
            "the schema does not say what it describes",
            "a definition with the key type, such as type: object",
        ),
    ),
    (
        "file system of a size that there is not",
        _training(filesystem={"capacity_gib": 2000}),
        (
            "groundplan:platform.tenants.vision.training.filesystem.capacity_gib",
            2000,
            "FSx has no file system of this size",
            "1200, or a multiple of 2400",
        ),
    ),
    (
        "file system for nodes in three zones",
        _training(filesystem={"capacity_gib": 1200}),
        (
            "groundplan:platform.tenants.vision.training.filesystem",
            {"capacity_gib": 1200},
            "a file system is in one zone, and the nodes of pool gpu are in three",
            "no file system, or one zone: groundplan:platform.gpu_pools.gpu.zone",
        ),
    ),
    (
        "the lake as files twice",
        _training(lake_mount=True, filesystem={}),
        (
            "groundplan:platform.tenants.vision.training.lake_mount",
            True,
            "the tenant's file system shows the lake already, in the same folder",
            "false, or no filesystem",
        ),
    ),
    (
        "a mount that is no yes or no",
        _training(lake_mount="curated"),
        (
            "groundplan:platform.tenants.vision.training.lake_mount",
            "curated",
            "this is neither true nor false",
            "true or false",
        ),
    ),
    (
        "quota of volumes below nothing",
        lambda platform: platform["tenants"]["vision"]["quota"].update(volume_gib=-1),
        (
            "groundplan:platform.tenants.vision.quota.volume_gib",
            -1,
            "input should be greater than or equal to 0",
            "a whole number from 0 to 100000",
        ),
    ),
    (
        "more replicas than ElastiCache has",
        lambda platform: platform["data_stores"]["cache"].update(replicas=9),
        (
            "groundplan:platform.data_stores.cache.replicas",
            9,
            "input should be less than or equal to 5",
            "a whole number from 0 to 5",
        ),
    ),
]
