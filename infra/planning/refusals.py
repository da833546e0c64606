"""What a plan is refused for: it cannot work, or it pays for what it does not use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from infra.planning.capacity import cpu_sized_vcpus, nodes_for_training, pool_gpus
from infra.planning.capacity_blocks import last_checkpoint_deadline
from infra.planning.demand import Figures, UseCaseFigures
from infra.planning.estimate import NodePool, Platform
from infra.planning.instance_types import INSTANCE_TYPES
from infra.planning.quotas import Demand, Family, needed


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One reason not to create what was planned.

    Args:
        rule: short name of the check.
        key: path of the figure to change.
        given: its value.
        wrong: what is wrong.
        allowed: what would be right.
    """

    rule: str
    key: str
    given: object
    wrong: str
    allowed: str


def refuse_unrequested_efa(
    *, key: str, instance_type: str, nodes: int, efa_interfaces: int
) -> Iterator[Refusal]:
    """Refuse a run over several nodes that pays for EFA and would talk TCP, or that asks for EFA in vain.

    A device that no pod requests is not attached to the pod, and NCCL falls back to TCP without an error
    (awslabs/ai-on-sagemaker-hyperpod, pull request 134).
    """
    has_efa = INSTANCE_TYPES[instance_type].efa
    if nodes > 1 and has_efa and efa_interfaces == 0:
        yield Refusal(
            rule="efa-not-requested",
            key=key,
            given=efa_interfaces,
            wrong=f"{nodes} x {instance_type} have EFA and are paid for it, but no pod requests it",
            allowed="at least 1, or a run on one node",
        )
    if efa_interfaces and not has_efa:
        yield Refusal(
            rule="efa-not-there",
            key=key,
            given=efa_interfaces,
            wrong=f"{instance_type} has no EFA: the pods would never start",
            allowed="0, or a type with EFA",
        )


def refuse_gpu_for_cpu_model(
    *, key: str, unit: str, parameters: int | None, peak_per_second: float, instance_type: str
) -> Iterator[Refusal]:
    """Refuse GPUs for a model that one m7i.2xlarge serves at the peak (see `cpu_sized_vcpus`)."""
    if parameters is None or unit == "images":
        return
    vcpus = cpu_sized_vcpus(parameters=parameters, units_per_second=peak_per_second)
    if vcpus is not None:
        yield Refusal(
            rule="gpu-for-cpu-model",
            key=key,
            given=instance_type,
            wrong=f"{parameters:,} parameters at {peak_per_second:,.0f} {unit}/s need {vcpus} virtual CPUs",
            allowed="serving without a GPU: leave `serving` out, and add its pods to the system pool",
        )


def refuse_above_quota(
    *, pools: tuple[NodePool, ...], quotas: Mapping[Family, int | None]
) -> Iterator[Refusal]:
    """Refuse pools whose peak needs more virtual CPUs than the account may run.

    EC2 counts virtual CPUs by family: G and VT together, P on its own ("Amazon EC2 instance quotas", EC2's
    user guide). Capacity Blocks do not count.
    """
    demands = [
        Demand(
            pool=pool.name,
            instance_types=(pool.instance_type,),
            nodes=pool.max_nodes,
            markets=() if pool.capacity_block else ("on_demand",),
        )
        for pool in pools
    ]
    for family, quota in quotas.items():
        vcpus, names = needed(demands, "on_demand", family)
        if quota is not None and vcpus > quota:
            peak = f"the peak of {', '.join(names)}"
            yield Refusal(
                rule="above-obtainable-capacity",
                key=f"account.{family}_vcpus",
                given=quota,
                wrong=f"{peak} needs {vcpus} virtual CPUs of {family.upper()} instances",
                allowed=f"at least {vcpus}; ask by `aws service-quotas request-service-quota-increase`",
            )


def refuse_nat_to_s3(
    *, s3_gateway_endpoint: bool, nat_gateways: int, gib_per_month: int, usd_per_gib: float
) -> Iterator[Refusal]:
    """Refuse to carry the lake's traffic through NAT, which costs by the GiB; a gateway endpoint is free.

    Source: "Gateway endpoints for Amazon S3", Amazon VPC's guide: no additional charge.
    """
    if s3_gateway_endpoint or not nat_gateways or not gib_per_month:
        return
    yield Refusal(
        rule="nat-to-s3",
        key="account.s3_gateway_endpoint",
        given=False,
        wrong=f"{gib_per_month:,} GiB a month would pass NAT to S3: {gib_per_month * usd_per_gib:,.0f} USD",
        allowed="true",
    )


def refuse_short_block(
    *, key: str, starts: datetime, ends: datetime, ultraserver: bool, run_hours: float, restart_minutes: float
) -> Iterator[Refusal]:
    """Refuse a Capacity Block that is drained before the run's last checkpoint is complete."""
    deadline = last_checkpoint_deadline(ends, ultraserver=ultraserver)
    finished = starts + timedelta(minutes=restart_minutes, hours=run_hours)
    if finished > deadline:
        yield Refusal(
            rule="block-ends-before-last-checkpoint",
            key=key,
            given=ends.isoformat(),
            wrong=f"nodes are drained from {deadline.isoformat()}, but the last checkpoint is due "
            f"{finished.isoformat()}",
            allowed=f"an end from {(ends + (finished - deadline)).isoformat()}, or a shorter run",
        )


def refuse_oversized_replica(*, key: str, instance_type: str, gpus_per_replica: int) -> Iterator[Refusal]:
    """Refuse a replica that fits on no node: its GPUs are on one node (kubernetes.io, "Schedule GPUs")."""
    gpus = pool_gpus(instance_type, 1)
    if gpus_per_replica > gpus:
        yield Refusal(
            rule="replica-fits-no-node",
            key=key,
            given=gpus_per_replica,
            wrong=f"{instance_type} has {gpus} GPUs",
            allowed=f"at most {gpus}, or a larger instance type",
        )


def misfits(figures: Figures) -> Iterator[Refusal]:
    """What is refused before anything can be sized."""
    for name, case in figures.use_cases.items():
        if case.serving:
            yield from refuse_oversized_replica(
                key=f"use_cases.{name}.serving.gpus_per_replica",
                instance_type=case.serving.instance_type,
                gpus_per_replica=case.serving.gpus_per_replica,
            )


def refusals(figures: Figures, platform: Platform, *, nat_usd_per_gib: float) -> tuple[Refusal, ...]:
    """All that is wrong with a plan, in the order of the figures."""
    account = figures.account
    found = [
        *refuse_above_quota(pools=platform.pools, quotas={"g": account.g_vcpus, "p": account.p_vcpus}),
        *refuse_nat_to_s3(
            s3_gateway_endpoint=account.s3_gateway_endpoint,
            nat_gateways=account.nat_gateways,
            gib_per_month=platform.s3_gib_per_month,
            usd_per_gib=nat_usd_per_gib,
        ),
    ]
    for name, case in figures.use_cases.items():
        found += _of_use_case(f"use_cases.{name}", case)
    return tuple(found)


def _of_use_case(path: str, case: UseCaseFigures) -> Iterator[Refusal]:
    if case.serving:
        yield from refuse_gpu_for_cpu_model(
            key=f"{path}.serving.instance_type",
            unit=case.serving.unit,
            parameters=case.model_parameters,
            peak_per_second=case.serving.per_second * case.peak_factor,
            instance_type=case.serving.instance_type,
        )
    training = case.training
    if training is None:
        return
    yield from refuse_unrequested_efa(
        key=f"{path}.training.efa_interfaces",
        instance_type=training.instance_type,
        nodes=nodes_for_training(training.instance_type, training.gpus),
        efa_interfaces=training.efa_interfaces,
    )
    if training.capacity_block:
        yield from refuse_short_block(
            key=f"{path}.training.capacity_block.ends",
            starts=training.capacity_block.starts,
            ends=training.capacity_block.ends,
            ultraserver=training.capacity_block.ultraserver,
            run_hours=training.run_hours,
            restart_minutes=training.restart_minutes,
        )
