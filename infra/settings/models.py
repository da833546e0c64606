"""The settings of one environment. Every key that a stack file may hold is a field here, with its bounds."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.conventions import SYSTEM_POOL
from infra.planning.quotas import Demand, Market
from infra.planning.topics import Topic
from infra.settings import checks
from infra.settings.account_quotas import AccountQuotaSettings, quotas_given, within_quotas
from infra.settings.audit import AuditSettings
from infra.settings.base import RetentionDays, SettingsModel
from infra.settings.data_stores import DataStoreSettings
from infra.settings.edge import EdgeSettings
from infra.settings.elastic import ElasticPoolSettings, ingest_fits, names_of_their_own
from infra.settings.filesystem import FilesystemSettings
from infra.settings.identity import IdentitySettings
from infra.settings.lake import LakeSettings
from infra.settings.network import NetworkSettings
from infra.settings.operations import OperationsSettings
from infra.settings.ownership import check_owners
from infra.settings.peak import PeakSettings, check_peak
from infra.settings.purchase import PurchaseSettings
from infra.settings.recovery import STANDBY_SUFFIX, RecoverySettings
from infra.settings.registry import RegistrySettings
from infra.settings.sharing import GpuSharingSettings, check_sharing
from infra.settings.streaming import StreamingSettings
from infra.settings.streams import TenantStreamSettings, check_streams, planned
from infra.settings.types import (
    AvailabilityZone,
    CallerRange,
    CpuTypeName,
    InstanceTypeName,
    KubernetesVersion,
    Name,
    ObjectName,
    Region,
    RoleName,
    ServiceRange,
    TagValue,
)
from infra.settings.working_hours import can_sleep

_LONGEST_ENVIRONMENT = 12


class ClusterSettings(SettingsModel):
    """The EKS cluster. Its API server has a private endpoint only."""

    kubernetes_version: KubernetesVersion = "1.35"
    """Version of the control plane; add-on versions follow from it."""
    service_range: ServiceRange = IPv4Network("172.20.0.0/16")
    """Private range of ClusterIPs, /12 to /24. Must not overlap the VPC."""
    api_client_ranges: Annotated[tuple[CallerRange, ...], Field(min_length=1)]
    """Private ranges outside the cluster from which its API server may be asked. The way into the VPC is
    `network.transit_gateway`."""
    log_retention_days: RetentionDays = 30
    """How long the control plane's logs are kept."""


class NodeCount(SettingsModel):
    """How many nodes a pool has."""

    min: Annotated[int, Field(ge=0, le=100)]
    """Never fewer."""
    desired: Annotated[int, Field(ge=0, le=100)]
    """At creation."""
    max: Annotated[int, Field(ge=1, le=100)]
    """Never more. Behind every tenant's peak there must be a node."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        checks.in_order(("min", self.min), ("desired", self.desired), ("max", self.max))
        return self


class SystemPoolSettings(SettingsModel):
    """Nodes without GPUs for the cluster's own pods: DNS, metrics, Karpenter. A managed node group."""

    instance_type: CpuTypeName = "m7i.2xlarge"
    """EC2 instance type."""
    nodes: Annotated[int, Field(ge=2, le=12)] = 3
    """How many; always. One in each zone from three on."""
    volume_gib: Annotated[int, Field(ge=50, le=1024)] = 100
    """Data volume of each node in GiB: container images and their scratch space."""


class GpuPoolSettings(SettingsModel):
    """One managed node group of GPU instances."""

    instance_type: InstanceTypeName
    """EC2 instance type with NVIDIA GPUs."""
    nodes: NodeCount
    """Size of the pool."""
    volume_gib: Annotated[int, Field(ge=50, le=16384)] = 200
    """Data volume of each node in GiB: container images and their scratch space."""
    purchase: PurchaseSettings = PurchaseSettings()
    """How its nodes are bought."""
    sharing: GpuSharingSettings | None = None
    """How several pods share each of its GPUs; without it, a pod has whole ones."""
    images_snapshot: Annotated[str, Field(pattern=r"^snap-[0-9a-f]{8,17}$")] | None = None
    """Snapshot of a data volume into which images were pulled: new nodes then start pods without pulling."""
    zone: AvailabilityZone | None = None
    """The one zone that its nodes are in; without it, all three. Needed with `efa` and for reservations."""
    tenant: Name | None = None
    """The tenant whose pods alone run on it: its nodes bear the name, and its budget counts them."""
    efa: bool = False
    """Elastic Fabric Adapters on every network card, and nodes close together in one zone: for the one tenant
    that trains on it over several nodes. Its pods claim the share of their GPUs."""

    @property
    def types(self) -> tuple[str, ...]:
        """All instance types that its nodes may have."""
        return (self.instance_type, *self.purchase.fallback_types)

    @property
    def parts(self) -> int:
        """Into how many each GPU is divided."""
        return self.sharing.parts if self.sharing else 1

    @property
    def markets(self) -> tuple[Market, ...]:
        """Whose quotas its nodes count against: a Capacity Block's against none."""
        if self.purchase.option == "capacity-block":
            return ()
        return ("spot",) if self.purchase.option == "spot" else ("on_demand",)


class QuotaSettings(SettingsModel):
    """What all pods of a tenant together may request."""

    cpus: Annotated[int, Field(ge=1, le=100_000)]
    """Virtual CPUs."""
    memory_gib: Annotated[int, Field(ge=1, le=1_000_000)]
    """Memory in GiB."""
    gpus: Annotated[int, Field(ge=0, le=10_000)]
    """GPUs. Must cover a training run beside the largest number of inference replicas."""
    pods: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Pods."""
    volume_gib: Annotated[int, Field(ge=0, le=100_000)] = 0
    """Volumes in GiB: disks (EBS, gp3, encrypted) that pods claim, at most one for each pod; 0 for none."""


class PodSizeSettings(SettingsModel):
    """What one pod requests, and the most it gets. Memory is not overcommitted: it is request and limit."""

    cpu_millicores: Annotated[int, Field(ge=10, le=192_000)]
    """CPU it is sure to get, in thousandths of a virtual CPU."""
    cpu_limit_millicores: Annotated[int, Field(ge=10, le=192_000)]
    """CPU it gets at most, while others leave it unused."""
    memory_mib: Annotated[int, Field(ge=64, le=2_097_152)]
    """Memory in MiB."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        checks.in_order(
            ("cpu_millicores", self.cpu_millicores), ("cpu_limit_millicores", self.cpu_limit_millicores)
        )
        return self


class IngestSettings(SettingsModel):
    """The tenant's ingest job."""

    pool: Name | None = None
    """The pool that its pod runs on, one of `elastic_pools` or `gpu_pools`; without it, the tenant's."""
    size: PodSizeSettings = PodSizeSettings(cpu_millicores=200, cpu_limit_millicores=2000, memory_mib=1024)
    """Size of its pod."""


class TrainingSettings(SettingsModel):
    """The tenant's training job."""

    pool: Name | None = None
    """The pool with GPUs that its pods run on, if it is another than the tenant's."""
    nodes: Annotated[int, Field(ge=1, le=64)] = 2
    """Pods that train together."""
    gpus_per_node: Annotated[int, Field(ge=1, le=8)] = 1
    """GPUs, and so processes, of each pod."""
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 30
    """Passes over the data."""
    batch_size: Annotated[int, Field(ge=1, le=1_048_576)] = 64
    """Rows per step over all processes; a multiple of their number."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.002
    """Step size of the optimizer."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Makes two runs over the same data equal."""
    checkpoint_interval_steps: Annotated[int, Field(ge=1, le=1_000_000)] = 50
    """Steps between checkpoints: at most so many are redone after a failure."""
    max_hours: Annotated[int, Field(ge=1, le=720)] = 12
    """A run that takes longer is stopped."""
    filesystem: FilesystemSettings | None = None
    """A fast file system near the GPUs that shows the lake; without it, pods read from the lake itself."""
    lake_mount: bool = False
    """Pods see the tenant's curated data as files, straight from the lake; not together with `filesystem`."""
    size: PodSizeSettings = PodSizeSettings(cpu_millicores=400, cpu_limit_millicores=4000, memory_mib=3072)
    """Size of each pod."""

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        checks.divisible_batch(self.batch_size, self.nodes * self.gpus_per_node)
        return self

    @model_validator(mode="after")
    def _one_view(self) -> Self:
        checks.one_view_of_lake(lake_mount=self.lake_mount, filesystem=self.filesystem is not None)
        return self


class ReplicaCount(SettingsModel):
    """Bounds of an autoscaler. The largest number is what GPUs must exist for."""

    min: Annotated[int, Field(ge=1, le=1000)] = 2
    """Never fewer."""
    max: Annotated[int, Field(ge=1, le=1000)] = 20
    """Never more."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        checks.in_order(("min", self.min), ("max", self.max))
        return self


class InferenceSettings(SettingsModel):
    """The tenant's model server."""

    replicas: ReplicaCount = ReplicaCount()
    """Bounds of the autoscaler."""
    cpu_target_percent: Annotated[int, Field(ge=1, le=100)] = 70
    """CPU use, of what is requested, that the autoscaler holds."""
    caller_ranges: Annotated[tuple[CallerRange, ...], Field(min_length=1)]
    """Private ranges from which the endpoint may be called."""
    alias: ObjectName = "live"
    """The version of the model that is served is the one this alias names."""
    size: PodSizeSettings = PodSizeSettings(cpu_millicores=250, cpu_limit_millicores=4000, memory_mib=2048)
    """Size of each replica."""
    peak: PeakSettings | None = None
    """What all replicas have to do at most. With it, whole GPUs for what CPUs do are refused."""


class TenantSettings(SettingsModel):
    """One tenant: a namespace, identities of its own, a prefix in each zone of the lake, its workloads."""

    dataset: ObjectName
    """Name of its data set below the tenant's prefix in the lake."""
    model: ObjectName
    """Name of its model in the registry and in the model server."""
    pool: Name
    """The pool with GPUs that its pods run on, one of `gpu_pools` or `elastic_pools`; ingest and training may
    have another."""
    quota: QuotaSettings
    """What its pods together may request."""
    ingest: IngestSettings = IngestSettings()
    """Its ingest job."""
    streaming: TenantStreamSettings = TenantStreamSettings()
    """Its topics and its quota of the event stream."""
    training: TrainingSettings = TrainingSettings()
    """Its training job."""
    inference: InferenceSettings
    """Its model server."""

    @property
    def training_pool(self) -> str:
        """The pool that its training runs on."""
        return self.training.pool or self.pool

    @property
    def pools(self) -> set[str]:
        """All pools that pods of the tenant run on."""
        return {self.pool, self.training_pool, self.ingest.pool or self.pool}

    def gpus_on(self, pool: str) -> int:
        """GPUs that a pool must be able to give: of the quota what a run takes there, and the rest here."""
        training = self.training.nodes * self.training.gpus_per_node
        if self.training_pool == self.pool:
            return self.quota.gpus if pool == self.pool else 0
        return {self.training_pool: training, self.pool: self.quota.gpus - training}.get(pool, 0)


class PlatformSettings(SettingsModel):
    """What `groundplan:platform` holds in a stack file: one environment."""

    environment: Annotated[Name, Field(max_length=_LONGEST_ENVIRONMENT)]
    """Part of every physical name; equal to the stack's name."""
    owner: TagValue
    """Team that answers for the environment; becomes a tag."""
    cost_center: TagValue
    """Who pays; becomes a tag."""
    protect_data: bool
    """True where data must survive mistakes: what holds data cannot be deleted by `pulumi destroy`."""
    administrators: Annotated[tuple[RoleName, ...], Field(min_length=1)]
    """IAM roles of this account that administer the cluster and the keys. One must be the deployer's."""
    readers: Annotated[tuple[RoleName, ...], Field(max_length=5)] = ()
    """IAM roles of this account that see all of the cluster and of Lake Formation, and change nothing: CI
    previews as one. What else they see, their own policies say (`groundplan deployer-policy --reader`)."""
    identity: IdentitySettings = IdentitySettings()
    """Roles of people and of the CI system."""
    network: NetworkSettings
    """Address ranges, zones and the way to the internet."""
    lake: LakeSettings = LakeSettings()
    """The data lake."""
    streaming: StreamingSettings = StreamingSettings()
    """The event stream."""
    data_stores: DataStoreSettings = DataStoreSettings()
    """Data stores beside the lake."""
    registry: RegistrySettings = RegistrySettings()
    """Container images."""
    cluster: ClusterSettings
    """The EKS cluster."""
    system_pool: SystemPoolSettings = SystemPoolSettings()
    """Nodes for the cluster's own pods."""
    gpu_pools: Annotated[dict[Name, GpuPoolSettings], Field(min_length=1)]
    """GPU node pools of fixed bounds by name: managed node groups."""
    elastic_pools: Annotated[dict[Name, ElasticPoolSettings], Field(default_factory=dict)]
    """Node pools that Karpenter fills and empties, by name."""
    account_quotas: AccountQuotaSettings | None = None
    """EC2's quotas of the account. All pools together must be able to reach their largest size within them.
    Needed with `elastic_pools`; without them, nothing is compared."""
    tenants: Annotated[dict[Name, TenantSettings], Field(min_length=1)]
    """Tenants by name."""
    edge: EdgeSettings | None = None
    """The public way in; without it, the platform is reached from private networks only."""
    audit: AuditSettings = AuditSettings()
    """What is recorded and watched."""
    operations: OperationsSettings = OperationsSettings()
    """Backups, budgets and alarms."""
    recovery: RecoverySettings | None = None
    """Copies in a second region, and what its loss may cost; without it there are none."""

    @property
    def streams(self) -> dict[str, TenantStreamSettings]:
        """Each tenant's part of the event stream."""
        return {name: tenant.streaming for name, tenant in self.tenants.items()}

    def gpus_on(self, pool: str) -> dict[str, int]:
        """GPUs that a pool must be able to give, by tenant."""
        promised = {name: tenant.gpus_on(pool) for name, tenant in self.tenants.items()}
        return {name: gpus for name, gpus in promised.items() if gpus}

    @property
    def topics(self) -> list[Topic]:
        """The tenants' topics."""
        datasets = {name: tenant.dataset for name, tenant in self.tenants.items()}
        return planned(self.streaming, self.streams, datasets)


class Settings(SettingsModel):
    """One environment: its region and its platform, checked against each other."""

    region: Region
    """AWS region, from `aws:region`."""
    platform: PlatformSettings
    """All the rest, from `groundplan:platform`."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        platform = self.platform
        checks.zones_in_region(platform.network.zones, self.region)
        checks.readers_only_read(platform.readers, platform.administrators)
        if platform.recovery:
            checks.another_region(platform.recovery.region, self.region)
            checks.standby_zones(platform.recovery.availability_zones, platform.recovery.region)
            checks.room_for_suffix(platform.environment, STANDBY_SUFFIX, _LONGEST_ENVIRONMENT)
            checks.copies_outlive_lock(platform.recovery.backup_days, platform.operations.backup_lock_days)
        checks.no_overlap(platform.network.vpc_range, platform.cluster.service_range)
        checks.rules_granted(
            platform.network.security_group_rules,
            {name: tenant.inference.caller_ranges for name, tenant in platform.tenants.items()},
            filesystems=sum(tenant.training.filesystem is not None for tenant in platform.tenants.values()),
        )
        if platform.protect_data:
            checks.somebody_told(platform.operations.alert_endpoints)
        checks.tenants_exist(platform.operations.tenant_budgets_usd, tuple(platform.tenants))
        check_streams(platform.streaming, platform.streams, platform.topics)
        users = {name: tenant.pools for name, tenant in platform.tenants.items()}
        for kind, pools in (("gpu_pools", platform.gpu_pools), ("elastic_pools", platform.elastic_pools)):
            check_owners(kind, {name: pool.tenant for name, pool in pools.items()}, users)
        names_of_their_own(platform.elastic_pools, platform.gpu_pools)
        quotas_given(platform.account_quotas, tuple(platform.elastic_pools))
        if platform.account_quotas:
            within_quotas(platform.account_quotas, _demands(platform))
        for name, tenant in platform.tenants.items():
            self._tenant_fits(name, tenant)
        for name, elastic in platform.elastic_pools.items():
            size = ("elastic_pools", name, "max_nodes")
            promised = platform.gpus_on(name)
            checks.pool_covers_quotas(size, elastic.instance_type, elastic.max_nodes, promised, parts=1)
        for name, pool in platform.gpu_pools.items():
            self._pool_fits(name, pool)
        if platform.operations.working_hours:
            bought = {
                name: (pool.purchase.option, pool.nodes.min) for name, pool in platform.gpu_pools.items()
            }
            can_sleep(platform.operations.working_hours, bought, platform.elastic_pools)
        return self

    def _pool_fits(self, name: str, pool: GpuPoolSettings) -> None:
        platform = self.platform
        checks.pool_zone(name, pool.zone, platform.network.zones)
        checks.fabric_possible(name, pool.instance_type, pool.zone, efa=pool.efa)
        size = ("gpu_pools", name, "nodes", "max")
        promised = platform.gpus_on(name)
        checks.pool_covers_quotas(size, pool.instance_type, pool.nodes.max, promised, parts=pool.parts)
        runs = {
            key: tenant.training for key, tenant in platform.tenants.items() if tenant.training_pool == name
        }
        if pool.sharing:
            processes = {key: run.nodes * run.gpus_per_node for key, run in runs.items()}
            check_sharing(name, pool.instance_type, pool.sharing, processes, efa=pool.efa)
        if pool.efa:
            over_nodes = {key: run.gpus_per_node for key, run in runs.items() if run.nodes > 1}
            checks.fabric_used(name, pool.instance_type, over_nodes)
        self._purchasable(name, pool, {key: run.max_hours for key, run in runs.items()})

    def _tenant_fits(self, name: str, tenant: TenantSettings) -> None:
        platform = self.platform
        elastic = {key: pool for key, pool in platform.elastic_pools.items() if pool.gpus_per_node}
        pools = platform.gpu_pools | elastic
        checks.pool_exists(tenant.pool, tuple(pools), key=("tenants", name, "pool"))
        training, place = tenant.training, tenant.training_pool
        checks.pool_exists(place, tuple(pools), key=("tenants", name, "training", "pool"))
        checks.pod_fits_node(
            tenant=name, gpus_per_node=training.gpus_per_node, instance_type=pools[place].instance_type
        )
        for what, size, where in (
            ("training", training.size, place),
            ("inference", tenant.inference.size, tenant.pool),
        ):
            checks.size_fits_node(
                (name, what, "size"), size.cpu_millicores, size.memory_mib, pools[where].types
            )
        check_peak(name, tenant.inference.peak, tenant.pool, parts=pools[tenant.pool].parts)
        if training.filesystem:
            checks.filesystem_zone(name, place, pools[place].zone, elastic=place in elastic)
        checks.quota_covers_peak(
            tenant=name,
            quota_gpus=tenant.quota.gpus,
            training_nodes=training.nodes,
            gpus_per_node=training.gpus_per_node,
            max_replicas=tenant.inference.replicas.max,
        )
        if tenant.ingest.pool:
            ingest_fits(
                name,
                tenant.ingest.pool,
                (*platform.elastic_pools, *platform.gpu_pools),
                platform.elastic_pools.get(tenant.ingest.pool),
                cpu_millicores=tenant.ingest.size.cpu_millicores,
            )

    def _purchasable(self, name: str, pool: GpuPoolSettings, longest_runs: dict[str, int]) -> None:
        purchase = pool.purchase
        checks.reservation_in_zone(name, purchase.option, pool.zone)
        checks.alike(name, pool.instance_type, purchase.fallback_types, efa=pool.efa)
        if purchase.capacity_block:
            checks.empty_before_block(name, pool.nodes.min, pool.nodes.desired)
            block = purchase.capacity_block
            checks.runs_end_with_block(name, block.starts, block.ends, longest_runs)


def _demands(platform: PlatformSettings) -> list[Demand]:
    """What each pool takes of EC2's quotas when it is as large as it can be."""
    system = platform.system_pool
    return [
        Demand(
            pool=SYSTEM_POOL,
            instance_types=(system.instance_type,),
            nodes=system.nodes,
            markets=("on_demand",),
        ),
        *(
            Demand(
                pool=name,
                instance_types=(pool.instance_type, *pool.purchase.fallback_types),
                nodes=pool.nodes.max,
                markets=pool.markets,
            )
            for name, pool in platform.gpu_pools.items()
        ),
        *(
            Demand(
                pool=name,
                instance_types=pool.instance_types,
                nodes=pool.max_nodes,
                # While spot has none, all of them may be on demand.
                markets=("spot", "on_demand") if pool.capacity == "spot-first" else ("on_demand",),
            )
            for name, pool in platform.elastic_pools.items()
        ),
    ]
