"""Checks that take more than one setting. Each raises an error that names the key to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Network
from itertools import pairwise

from infra.planning.capacity import ALLOCATABLE, peak_gpus, pool_gpus
from infra.planning.capacity_blocks import last_checkpoint_deadline
from infra.planning.fabric import interfaces_for
from infra.planning.instance_types import INSTANCE_TYPES, NODE_TYPES
from infra.planning.node_rules import inbound_rules
from infra.planning.subnets import SHARED_ADDRESS_SPACE
from infra.settings.types import nearest, refusal


def in_order(*bounds: tuple[str, float]) -> None:
    """Refuse bounds that do not rise from the first to the last."""
    for (lower, low), (upper, high) in pairwise(bounds):
        if low > high:
            raise refusal(
                f"{upper} is {high}, less than {lower}, which is {low}",
                allowed=f"at least {low}",
                key=(upper,),
            )


def outside_domain(domain: str, **origins: str) -> None:
    """Refuse an origin that the edge itself answers for: requests would go round in circles."""
    for name, origin in origins.items():
        if origin == domain or origin.endswith(f".{domain}"):
            raise refusal(
                f"the name is {domain} or below it, which leads back to CloudFront",
                allowed="the name of a load balancer, or a name in another zone",
                key=(name,),
            )


def far_enough_apart(steps: Sequence[tuple[str, int]], least_days: Mapping[str, int]) -> None:
    """Refuse moves between storage classes that follow each other sooner than the former is paid for."""
    for (former, first), (latter, second) in pairwise(steps):
        paid = least_days[former]
        if second < first + paid:
            raise refusal(
                f"{latter} is {second}, too soon after {former}, which is {first}",
                allowed=f"at least {first + paid}: {paid} days are paid for anyway",
                key=(latter,),
            )


def readable_at_once(zone: str, deep_archive_days: int | None) -> None:
    """Refuse to put tables, models and checkpoints where a read takes hours."""
    if deep_archive_days is not None and zone != "raw":
        raise refusal(
            f"a query or a training run cannot wait hours for zone {zone}",
            allowed="nothing; only zone raw may go to the deep archive",
            key=("tiers", zone, "deep_archive_days"),
        )


def moves_before_end(zone: str, move: tuple[str, int], end: tuple[str, int]) -> None:
    """Refuse to move objects to another storage class on the day of their deletion or later."""
    if move[1] >= end[1]:
        raise refusal(
            f"objects of zone {zone} are deleted after {end[1]} days: {end[0]}",
            allowed=f"at most {end[1] - 1}, or a later {end[0]}",
            key=("tiers", zone, move[0]),
        )


def divisible_batch(batch_size: int, processes: int) -> None:
    """Refuse a batch that cannot be shared equally."""
    if batch_size % processes:
        raise refusal(
            f"{processes} processes cannot share a batch of {batch_size} equally",
            allowed=f"a multiple of {processes}",
            key=("batch_size",),
        )


def zones_in_region(zones: Sequence[str], region: str) -> None:
    """Refuse a zone of another region, and a zone named twice."""
    for index, zone in enumerate(zones):
        key = ("platform", "network", "zones", str(index))
        if zone[:-1] != region:
            raise refusal(
                f"the zone is not in the region {region}", allowed=f"{region}a, {region}b, ...", key=key
            )
        if zone in zones[:index]:
            raise refusal("the zone is named twice", allowed="three different zones", key=key)


def pool_zone(pool: str, zone: str | None, zones: tuple[str, ...]) -> None:
    """Refuse a pool in a zone in which the network has no subnets."""
    if zone is not None and zone not in zones:
        raise refusal(
            "the network has no subnet in this zone",
            allowed=nearest(zone, zones),
            key=("platform", "gpu_pools", pool, "zone"),
        )


def fabric_possible(pool: str, instance_type: str, zone: str | None, *, efa: bool) -> None:
    """Refuse EFA on a type without it, or over zones: its traffic does not leave a zone."""
    if efa and not INSTANCE_TYPES[instance_type].efa:
        able = ", ".join(name for name, known in INSTANCE_TYPES.items() if known.efa)
        raise refusal(
            f"{instance_type} has no Elastic Fabric Adapter",
            allowed=f"false, or an instance type with EFA: {able}",
            key=("platform", "gpu_pools", pool, "efa"),
        )
    if efa and zone is None:
        raise refusal(
            "EFA and a cluster placement group work within one zone only",
            allowed=f"false, or one zone: groundplan:platform.gpu_pools.{pool}.zone",
            key=("platform", "gpu_pools", pool, "efa"),
        )


def fabric_used(pool: str, instance_type: str, gpus_per_node: Mapping[str, int]) -> None:
    """Refuse EFA that nobody uses, that two tenants would share, or that a pod cannot have its share of.

    Adapters pass the operating system by, and with it network policies: between pods on them is no border.

    Args:
        pool: the pool.
        instance_type: of its nodes.
        gpus_per_node: GPUs of each pod, by tenant that trains over several nodes of the pool.
    """
    efa = ("platform", "gpu_pools", pool, "efa")
    over_nodes = f"training.pool: {pool} and training.nodes from 2 on"
    if not gpus_per_node:
        raise refusal(
            "the pool has Elastic Fabric Adapters, and nobody trains over several of its nodes",
            allowed=f"false, or a tenant with {over_nodes}",
            key=efa,
        )
    if len(gpus_per_node) > 1:
        raise refusal(
            f"{' and '.join(sorted(gpus_per_node))} would reach each other past their network policies",
            allowed=f"one tenant with {over_nodes}; a pool for each",
            key=efa,
        )
    for tenant, gpus in gpus_per_node.items():
        if interfaces_for(instance_type, gpus) is None:
            node = INSTANCE_TYPES[instance_type]
            whole = [one for one in range(1, node.gpu_count + 1) if interfaces_for(instance_type, one)]
            raise refusal(
                f"{instance_type} has {node.efa_interfaces} EFA interfaces for {node.gpu_count} GPUs: the "
                f"share of {gpus} is no whole number",
                allowed=f"one of {', '.join(map(str, whole))}" if whole[1:] else str(whole[0]),
                key=("platform", "tenants", tenant, "training", "gpus_per_node"),
            )


def schema_of_something(definition: Mapping[str, object]) -> None:
    """Refuse a schema that says nothing: anything would fit it."""
    if "type" not in definition:
        raise refusal(
            "the schema does not say what it describes",
            allowed="a definition with the key type, such as type: object",
            key=("definition",),
        )


def block_in_order(starts: datetime, ends: datetime) -> None:
    """Refuse a Capacity Block that ends before it starts."""
    if ends <= starts:
        raise refusal(
            "the block ends before it starts", allowed=f"a time after {starts.isoformat()}", key=("ends",)
        )


def purchase_complete(option: str, *, falls_back: bool, has_block: bool) -> None:
    """Refuse what belongs to another way of buying, and a block that is not named."""
    if falls_back and option != "spot":
        raise refusal(
            f"only spot falls back, and the pool is bought {option}",
            allowed="nothing, or option: spot",
            key=("fallback_types",),
        )
    if has_block != (option == "capacity-block"):
        raise refusal(
            f"the pool is bought {option}" if has_block else "the block is not named",
            allowed="nothing, or option: capacity-block" if has_block else "reservation_id, starts and ends",
            key=("capacity_block",),
        )


def reservation_in_zone(pool: str, option: str, zone: str | None) -> None:
    """Refuse to reserve in no zone: a reservation is in one."""
    if option in {"reserved", "capacity-block"} and zone is None:
        raise refusal(
            "a reservation is in one zone, and the pool is in three",
            allowed=f"on-demand or spot, or one zone: groundplan:platform.gpu_pools.{pool}.zone",
            key=("platform", "gpu_pools", pool, "purchase", "option"),
        )


def alike(pool: str, instance_type: str, fallback_types: Sequence[str], *, efa: bool) -> None:
    """Refuse to fall back to nodes with another number of GPUs or adapters, on which pods would not fit."""
    wanted = INSTANCE_TYPES[instance_type]
    same = [
        other
        for other, one in INSTANCE_TYPES.items()
        if one.gpu_count == wanted.gpu_count
        and (not efa or one.efa_interfaces == wanted.efa_interfaces)
        and other != instance_type
    ]
    for index, name in enumerate(fallback_types):
        if name not in same:
            known = INSTANCE_TYPES[name]
            raise refusal(
                f"{name} has {known.gpu_count} GPUs and {known.efa_interfaces} EFA interfaces, "
                f"and {instance_type} has {wanted.gpu_count} and {wanted.efa_interfaces}",
                allowed=nearest(name, tuple(same)),
                key=("platform", "gpu_pools", pool, "purchase", "fallback_types", str(index)),
            )


def empty_before_block(pool: str, least: int, desired: int) -> None:
    """Refuse nodes of a Capacity Block that would have to be there at once: its start may be days away.

    https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html
    """
    for key, count in (("min", least), ("desired", desired)):
        if count:
            raise refusal(
                "the nodes of a Capacity Block are there from its start to its end only",
                allowed="0: scale the pool up when the block starts",
                key=("platform", "gpu_pools", pool, "nodes", key),
            )


def runs_end_with_block(pool: str, starts: datetime, ends: datetime, longest_runs: Mapping[str, int]) -> None:
    """Refuse a Capacity Block that is drained before a run that starts with it has its last checkpoint."""
    deadline = last_checkpoint_deadline(ends, ultraserver=False)
    for tenant, hours in longest_runs.items():
        if starts + timedelta(hours=hours) > deadline:
            fits = int((deadline - starts) / timedelta(hours=1))
            raise refusal(
                f"nodes are drained from {deadline.isoformat()}, and a run of {tenant} takes up to {hours} h",
                allowed=f"a later end, or groundplan:platform.tenants.{tenant}.training.max_hours of "
                f"at most {max(fits, 0)}",
                key=("platform", "gpu_pools", pool, "purchase", "capacity_block", "ends"),
            )


def lustre_capacity(capacity_gib: int) -> None:
    """Refuse a capacity that FSx does not offer for persistent file systems on SSD.

    https://docs.aws.amazon.com/fsx/latest/LustreGuide/managing-storage-capacity.html
    """
    step = 2400
    if capacity_gib != step // 2 and capacity_gib % step:
        raise refusal(
            "FSx has no file system of this size",
            allowed=f"{step // 2}, or a multiple of {step}",
            key=("capacity_gib",),
        )


def one_view_of_lake(*, lake_mount: bool, filesystem: bool) -> None:
    """Refuse to show the lake as files twice, in the same folder."""
    if lake_mount and filesystem:
        raise refusal(
            "the tenant's file system shows the lake already, in the same folder",
            allowed="false, or no filesystem",
            key=("lake_mount",),
        )


def filesystem_zone(tenant: str, pool: str, zone: str | None, *, elastic: bool) -> None:
    """Refuse a file system, which is in one zone, for nodes that are in three."""
    if zone is None:
        one_zone = "a pool of gpu_pools" if elastic else f"groundplan:platform.gpu_pools.{pool}.zone"
        raise refusal(
            f"a file system is in one zone, and the nodes of pool {pool} are in three",
            allowed=f"no file system, or one zone: {one_zone}",
            key=("platform", "tenants", tenant, "training", "filesystem"),
        )


def copies_outlive_lock(copy_days: int, lock_days: int) -> None:
    """Refuse copies of backups that would have to go while they are locked: AWS Backup does not make them."""
    if copy_days < lock_days:
        raise refusal(
            f"a backup is locked for {lock_days} days (operations.backup_lock_days), its copy too",
            allowed=f"at least {lock_days}",
            key=("platform", "recovery", "backup_days"),
        )


def somebody_told(endpoints: Sequence[str]) -> None:
    """Refuse to protect data while alarms about it reach nobody."""
    if not endpoints:
        raise refusal(
            "data is protected (protect_data), and nobody would be told that a backup of it failed",
            allowed="a list of e-mail addresses or https URLs, at least one",
            key=("platform", "operations", "alert_endpoints"),
        )


def replication_meets(key: str, minutes: int, promised: int) -> None:
    """Refuse a target that replication does not promise to meet."""
    if minutes < promised:
        raise refusal(
            f"S3 promises to have replicated after {promised} minutes, and no sooner",
            allowed=f"at least {promised}",
            key=(key,),
        )


def backups_meet(key: str, minutes: int, most: int) -> None:
    """Refuse a target that the schedule of the backups cannot meet."""
    if minutes < most:
        raise refusal(
            f"between two daily backups up to {most} minutes are lost, with the windows in which one begins "
            "and ends",
            allowed=f"at least {most}",
            key=(key,),
        )


def standby_zones(zones: Sequence[str], region: str) -> None:
    """Refuse a zone that is not in the second region."""
    for index, zone in enumerate(zones):
        if zone[:-1] != region:
            raise refusal(
                f"the zone is not in the second region, {region}",
                allowed=f"{region}a, {region}b, ...",
                key=("platform", "recovery", "availability_zones", str(index)),
            )


def room_for_suffix(environment: str, suffix: str, longest: int) -> None:
    """Refuse a name that its standby cannot be told from."""
    if len(environment) + len(suffix) > longest:
        raise refusal(
            f"in the second region it is called {environment}{suffix}, and no name is longer than {longest}",
            allowed=f"up to {longest - len(suffix)} characters",
            key=("platform", "environment"),
        )


def another_region(second_region: str, region: str) -> None:
    """Refuse a second copy in the region of the first."""
    if second_region == region:
        raise refusal(
            "the environment itself is in this region",
            allowed=f"any region but {region}",
            key=("platform", "recovery", "region"),
        )


def readers_only_read(readers: Sequence[str], administrators: Sequence[str]) -> None:
    """Refuse a role that is to change nothing and to administer; the cluster has one entry for each role."""
    for number, name in enumerate(readers):
        if name in administrators:
            raise refusal(
                f"{name} is one of the administrators",
                allowed="a role that is not",
                key=("platform", "readers", str(number)),
            )


def named_once(key: str, names: Sequence[str]) -> None:
    """Refuse a list that names something twice."""
    for index, name in enumerate(names):
        if name in names[:index]:
            raise refusal(f"{name} is named twice", allowed="each name once", key=(key, str(index)))


def no_overlap(vpc_range: IPv4Network, service_range: IPv4Network) -> None:
    """Refuse a VPC that shares addresses with the cluster's services."""
    if vpc_range.overlaps(service_range):
        raise refusal(
            f"the range overlaps groundplan:platform.cluster.service_range ({service_range})",
            allowed=f"a private range that overlaps neither {service_range} nor {SHARED_ADDRESS_SPACE}",
            key=("platform", "network", "vpc_range"),
        )


def rules_granted(granted: int, callers: Mapping[str, Sequence[object]], *, filesystems: int) -> None:
    """Refuse load balancers that need more rules than a security group can have: the last get no requests.

    `callers` are each tenant's caller ranges.
    """
    rules = inbound_rules(
        [[str(one) for one in ranges] for ranges in callers.values()], filesystems=filesystems
    )
    if rules > granted:
        raise refusal(
            f"load balancers of {', '.join(callers)} need {rules} inbound rules in the nodes' security group",
            allowed=f"fewer tenants or caller_ranges, or at least {rules} once VPC grants them: `aws "
            "service-quotas request-service-quota-increase --service-code vpc --quota-code L-0EA8095F "
            f"--desired-value {rules}`",
            key=("platform", "network", "security_group_rules"),
        )


def pool_exists(pool: str, pools: tuple[str, ...], *, key: tuple[str, ...]) -> None:
    """Refuse a tenant, or its training, on a pool that is not there."""
    if pool not in pools:
        raise refusal(
            "there is no GPU pool of this name", allowed=nearest(pool, pools), key=("platform", *key)
        )


def pod_fits_node(*, tenant: str, gpus_per_node: int, instance_type: str) -> None:
    """Refuse training pods with more GPUs than any node has: they would wait for ever."""
    available = pool_gpus(instance_type, 1)
    if gpus_per_node > available:
        raise refusal(
            f"{instance_type} has {available} GPUs, and a pod is on one node",
            allowed=f"at most {available}, or a pool with a larger instance type",
            key=("platform", "tenants", tenant, "training", "gpus_per_node"),
        )


def size_fits_node(
    key: tuple[str, ...], cpu_millicores: int, memory_mib: int, instance_types: Sequence[str]
) -> None:
    """Refuse pods that fit on no node of a type, beside what it keeps for itself: they would wait for ever.

    Args:
        key: of the pod's size.
        cpu_millicores: what it requests.
        memory_mib: the same, in MiB.
        instance_types: the types of the pool.
    """
    for name in instance_types:
        node = NODE_TYPES[name]
        most_cpu = int(node.vcpus * 1000 * ALLOCATABLE)
        most_memory = int(node.memory_gib * 1024 * ALLOCATABLE)
        for last, wanted, most in (
            ("cpu_millicores", cpu_millicores, most_cpu),
            ("memory_mib", memory_mib, most_memory),
        ):
            if wanted > most:
                raise refusal(
                    f"a {name} has {most} for pods",
                    allowed=f"at most {most}, or a pool with a larger instance type",
                    key=("platform", "tenants", *key, last),
                )


def tenants_exist(budgets: Iterable[str], tenants: tuple[str, ...]) -> None:
    """Refuse a budget of a tenant that is not there."""
    for tenant in budgets:
        if tenant not in tenants:
            raise refusal(
                "there is no tenant of this name",
                allowed=nearest(tenant, tenants),
                key=("platform", "operations", "tenant_budgets_usd", tenant),
            )


def quota_covers_peak(
    *, tenant: str, quota_gpus: int, training_nodes: int, gpus_per_node: int, max_replicas: int
) -> None:
    """Refuse a quota that would starve the autoscaler while the tenant trains."""
    peak = peak_gpus(
        training_nodes=training_nodes,
        gpus_per_training_node=gpus_per_node,
        inference_replicas=max_replicas,
    )
    if quota_gpus < peak:
        raise refusal(
            f"the tenant's peak is {peak} GPUs: {training_nodes} x {gpus_per_node} to train, "
            f"{max_replicas} to serve",
            allowed=f"at least {peak}, or fewer training nodes or inference replicas",
            key=("platform", "tenants", tenant, "quota", "gpus"),
        )


def pool_covers_quotas(
    key: tuple[str, ...], instance_type: str, max_nodes: int, quotas: Mapping[str, int], *, parts: int
) -> None:
    """Refuse quotas that no size of the pool could fulfil: no peak without capacity behind it.

    GPUs that are divided count as many times as they have `parts`; `key` is that of the pool's size.
    """
    promised, obtainable = sum(quotas.values()), pool_gpus(instance_type, max_nodes) * parts
    if promised > obtainable:
        needed = -(-promised // (pool_gpus(instance_type, 1) * parts))
        raise refusal(
            f"{max_nodes} x {instance_type} have {obtainable} GPUs, but the quotas of "
            f"{', '.join(quotas)} promise {promised}",
            allowed=f"at least {needed}, or smaller quotas",
            key=("platform", *key),
        )
