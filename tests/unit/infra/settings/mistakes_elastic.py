"""Mistakes that people make in a stack file: pools that grow by themselves, and EC2's quotas."""

from __future__ import annotations

from typing import Any

from tests.unit.infra.settings.mistakes import Change

QUOTAS = {"on_demand": {"standard": 1000, "g": 1000}, "spot": {"standard": 1000, "g": 1000}}


def _elastic(name: str = "cpu", *, quotas: object = QUOTAS, **changes: Any) -> Change:
    pool = {"instance_types": ["m7i.large"], "max_nodes": 2, **changes}
    return lambda platform: platform.update(elastic_pools={name: pool}, account_quotas=quotas)


def _both(*changes: Change) -> Change:
    return lambda platform: [change(platform) for change in changes]


def _tenant(**changes: Any) -> Change:
    return lambda platform: platform["tenants"]["vision"].update(changes)


def _increase(code: str, vcpus: int) -> str:
    return (
        f"smaller pools, or at least {vcpus} once EC2 grants them: `aws service-quotas "
        f"request-service-quota-increase --service-code ec2 --quota-code {code} --desired-value {vcpus}`"
    )


def _peak(**peak: Any) -> Change:
    return lambda platform: platform["tenants"]["vision"]["inference"].update(peak=peak)


_SMALL = {"parameters": 40_000_000, "unit": "rows", "per_second": 1000}

CASES: list[tuple[str, Change, tuple[str, object, str, str]]] = [
    (
        "pools above EC2's quota",
        lambda platform: platform.update(account_quotas={"on_demand": {"standard": 32, "g": 287}}),
        (
            "groundplan:platform.account_quotas.on_demand.g",
            287,
            "at their largest, the pools gpu need 288 virtual CPUs",
            _increase("L-DB2E81BA", 288),
        ),
    ),
    (
        "elastic pool above EC2's quota of its fallback",
        _elastic(
            instance_types=["g6.12xlarge", "g6e.12xlarge"],
            capacity="spot-first",
            max_nodes=8,
            quotas={"on_demand": {"standard": 32, "g": 288}, "spot": {"g": 384}},
        ),
        (
            "groundplan:platform.account_quotas.on_demand.g",
            288,
            "at their largest, the pools gpu, cpu need 672 virtual CPUs",
            _increase("L-DB2E81BA", 672),
        ),
    ),
    (
        "whole GPUs for what eight virtual CPUs do",
        _peak(**_SMALL),
        (
            "groundplan:platform.tenants.vision.inference.peak",
            _SMALL,
            "40,000,000 parameters at 1,000 rows/s are work for 8 virtual CPUs, and each replica has a whole "
            "GPU of pool gpu",
            "a pool of `gpu_pools` with `sharing`, or a higher peak",
        ),
    ),
    (
        "pool of a tenant that is not there",
        lambda platform: platform["gpu_pools"]["gpu"].update(tenant="visoin"),
        (
            "groundplan:platform.gpu_pools.gpu.tenant",
            "visoin",
            "there is no tenant of this name",
            "one of vision; did you mean 'vision'?",
        ),
    ),
    (
        "pool of one tenant that another one uses, too",
        lambda platform: (
            platform["gpu_pools"]["gpu"].update(tenant="vision"),
            platform["tenants"].update(audio=platform["tenants"]["vision"] | {"dataset": "calls"}),
        ),
        (
            "groundplan:platform.gpu_pools.gpu.tenant",
            "vision",
            "pods of audio run on it, too",
            "no `tenant`, or another pool for the others",
        ),
    ),
    (
        "elastic pool of spot without a quota of it",
        _elastic(capacity="spot-first", quotas={"on_demand": QUOTAS["on_demand"]}),
        (
            "groundplan:platform.account_quotas.spot.standard",
            None,
            "at their largest, the pools cpu need 4 virtual CPUs",
            _increase("L-34B43A08", 4),
        ),
    ),
    (
        "elastic pool of P5 on spot, with the quota of older ones",
        _elastic(
            instance_types=["p5.48xlarge"],
            capacity="spot-first",
            quotas={"on_demand": {**QUOTAS["on_demand"], "p": 384}, "spot": {"p": 384}},
        ),
        (
            "groundplan:platform.account_quotas.spot.p5",
            None,
            "at their largest, the pools cpu need 384 virtual CPUs",
            _increase("L-C4BD4855", 384),
        ),
    ),
    (
        "elastic pool while quotas are not known",
        _elastic(quotas=None),
        (
            "groundplan:platform.account_quotas",
            None,
            "the pools cpu grow by themselves, and it is not known what EC2 allows",
            "on_demand and spot, in virtual CPUs: see `aws service-quotas list-service-quotas "
            "--service-code ec2`",
        ),
    ),
    (
        "elastic pool of types with different GPUs",
        _elastic(instance_types=["g6.12xlarge", "g6.xlarge"]),
        (
            "groundplan:platform.elastic_pools.cpu.instance_types[1]",
            "g6.xlarge",
            "g6.xlarge has 1 GPUs, and g6.12xlarge has 4",
            "one of g4dn.12xlarge, g5.12xlarge, g6.12xlarge, g6e.12xlarge; did you mean 'g6.12xlarge'?",
        ),
    ),
    (
        "elastic pool of the name of another one",
        _elastic("gpu"),
        (
            "groundplan:platform.elastic_pools.gpu",
            {"instance_types": ["m7i.large"], "max_nodes": 2},
            "a pool of gpu_pools has this name",
            "another name",
        ),
    ),
    (
        "elastic pool of the name of the system's",
        _elastic("system"),
        (
            "groundplan:platform.elastic_pools.system",
            {"instance_types": ["m7i.large"], "max_nodes": 2},
            "the pool of the cluster's own pods has this name",
            "another name",
        ),
    ),
    (
        "tenant on an elastic pool without GPUs",
        _both(_elastic(), _tenant(pool="cpu")),
        (
            "groundplan:platform.tenants.vision.pool",
            "cpu",
            "there is no GPU pool of this name",
            "one of gpu; did you mean 'gpu'?",
        ),
    ),
    (
        "tenant with a quota above its elastic pool",
        _both(
            _elastic(instance_types=["g6.12xlarge"], max_nodes=5),
            _tenant(pool="cpu"),
        ),
        (
            "groundplan:platform.elastic_pools.cpu.max_nodes",
            5,
            "5 x g6.12xlarge have 20 GPUs, but the quotas of vision promise 24",
            "at least 6, or smaller quotas",
        ),
    ),
    (
        "file system beside an elastic pool",
        _both(
            _elastic(instance_types=["g6.12xlarge"], max_nodes=6),
            _tenant(pool="cpu"),
            lambda platform: platform["tenants"]["vision"]["training"].update(filesystem={}),
        ),
        (
            "groundplan:platform.tenants.vision.training.filesystem",
            {},
            "a file system is in one zone, and the nodes of pool cpu are in three",
            "no file system, or one zone: a pool of gpu_pools",
        ),
    ),
    (
        "ingest on a pool that is not there",
        _tenant(ingest={"pool": "cpus"}),
        (
            "groundplan:platform.tenants.vision.ingest.pool",
            "cpus",
            "there is no pool of this name",
            "one of gpu",
        ),
    ),
    (
        "ingest on nodes that are too small",
        _both(
            _elastic(),
            _tenant(
                ingest={
                    "pool": "cpu",
                    "size": {"cpu_millicores": 2000, "cpu_limit_millicores": 2000, "memory_mib": 1024},
                }
            ),
        ),
        (
            "groundplan:platform.tenants.vision.ingest.pool",
            "cpu",
            "its nodes have 2 virtual CPUs, of which a tenth is the system's, and the pod requests 2000 "
            "thousandths",
            "a pool with a larger instance type, or a smaller ingest.size.cpu_millicores",
        ),
    ),
]
