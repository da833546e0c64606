"""Settings of pools that grow and shrink with the pods that wait, and what they can be made from."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.conventions import SYSTEM_POOL
from infra.planning.capacity import ALLOCATABLE
from infra.planning.instance_types import NODE_TYPES
from infra.settings import checks
from infra.settings.base import SettingsModel
from infra.settings.types import Name, NodeTypeName, nearest, refusal


class WorkingHoursSettings(SettingsModel):
    """When nodes with pods on them stay as they are, from Monday to Friday."""

    starts_utc: Annotated[int, Field(ge=0, le=23)] = 6
    """First hour, in UTC."""
    hours: Annotated[int, Field(ge=1, le=24)] = 12
    """How long they last."""


class ElasticPoolSettings(SettingsModel):
    """Nodes that Karpenter launches for pods that wait, and takes away when they are not needed."""

    instance_types: Annotated[tuple[NodeTypeName, ...], Field(min_length=1, max_length=20)]
    """EC2 instance types to choose from: all without GPUs, or each with as many."""
    capacity: Literal["on-demand", "spot-first"] = "on-demand"
    """`spot-first`: on demand only while spot has none of the types; its nodes can be taken away at two
    minutes' notice."""
    max_nodes: Annotated[int, Field(ge=1, le=100)]
    """Never more. EC2's quotas must allow so many of the largest type: `account_quotas`."""
    tenant: Name | None = None
    """The tenant whose pods alone run on it: its nodes bear the name, and its budget counts them."""
    volume_gib: Annotated[int, Field(ge=50, le=16384)] = 100
    """Data volume of each node in GiB: container images and their scratch space."""
    images_snapshot: Annotated[str, Field(pattern=r"^snap-[0-9a-f]{8,17}$")] | None = None
    """Snapshot of a data volume into which images were pulled: new nodes then start pods without pulling."""
    idle_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    """How long nothing may have changed on a node before it is emptied or removed to save money."""
    expire_days: Annotated[int, Field(ge=1, le=90)] = 14
    """A node is replaced when it is so old, so that none misses what new images fix."""
    disrupted_percent: Annotated[int, Field(ge=1, le=50)] = 10
    """Most nodes with pods that are replaced or emptied at a time, of those that there are; at least one."""
    working_hours: WorkingHoursSettings = WorkingHoursSettings()
    """Then none is, but for those that are empty, sick or taken away by EC2."""

    @model_validator(mode="after")
    def _alike(self) -> Self:
        checks.named_once("instance_types", self.instance_types)
        wanted = self.gpus_per_node
        for index, name in enumerate(self.instance_types):
            if NODE_TYPES[name].gpu_count != wanted:
                same = tuple(other for other, one in NODE_TYPES.items() if one.gpu_count == wanted)
                raise refusal(
                    f"{name} has {NODE_TYPES[name].gpu_count} GPUs, and {self.instance_type} has {wanted}",
                    allowed=nearest(name, same),
                    key=("instance_types", str(index)),
                )
        return self

    @property
    def types(self) -> tuple[str, ...]:
        """All instance types that its nodes may have."""
        return self.instance_types

    @property
    def instance_type(self) -> str:
        """The first of its types: as many GPUs as all of them."""
        return self.instance_types[0]

    @property
    def gpus_per_node(self) -> int:
        """GPUs of each node."""
        return NODE_TYPES[self.instance_type].gpu_count

    @property
    def vcpus_per_node(self) -> int:
        """Virtual CPUs of a node of the largest type."""
        return max(NODE_TYPES[name].vcpus for name in self.instance_types)

    @property
    def memory_gib_per_node(self) -> int:
        """Memory of a node of the largest type in GiB."""
        return max(NODE_TYPES[name].memory_gib for name in self.instance_types)

    @property
    def zone(self) -> None:
        """Nodes come up in all zones."""

    @property
    def parts(self) -> int:
        """GPUs are not divided."""
        return 1


def names_of_their_own(elastic: Collection[str], gpu_pools: Collection[str]) -> None:
    """Refuse two pools of one name: pods choose theirs by it."""
    for name in elastic:
        if name in gpu_pools or name == SYSTEM_POOL:
            taken = "a pool of gpu_pools" if name in gpu_pools else "the pool of the cluster's own pods"
            raise refusal(
                f"{taken} has this name",
                allowed="another name",
                key=("platform", "elastic_pools", name),
            )


def ingest_fits(
    tenant: str,
    pool: str,
    known: Collection[str],
    elastic: ElasticPoolSettings | None,
    *,
    cpu_millicores: int,
) -> None:
    """Refuse a pool for ingest that is not there, or whose nodes are smaller than its pod."""
    key = ("platform", "tenants", tenant, "ingest", "pool")
    if pool not in known:
        raise refusal("there is no pool of this name", allowed=nearest(pool, tuple(known)), key=key)
    if elastic and cpu_millicores > elastic.vcpus_per_node * 1000 * ALLOCATABLE:
        raise refusal(
            f"its nodes have {elastic.vcpus_per_node} virtual CPUs, of which a tenth is the system's, "
            f"and the pod requests {cpu_millicores} thousandths",
            allowed="a pool with a larger instance type, or a smaller ingest.size.cpu_millicores",
            key=key,
        )
