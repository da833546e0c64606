"""Puts the AWS components of one environment together."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import ResourceOptions

from infra.aws.access_points import AccessPoints
from infra.aws.account import Account, current_account
from infra.aws.assembly import access, compute, data, foundation, training
from infra.aws.assembly.site import Site
from infra.aws.audit import Audit
from infra.aws.cache import Cache
from infra.aws.catalogue import Catalogue
from infra.aws.cluster import Cluster
from infra.aws.cluster_addons import ClusterAddons
from infra.aws.dashboards import Dashboards
from infra.aws.data_stores import DataStores
from infra.aws.edge import Edge
from infra.aws.elastic_nodes import ElasticNodes
from infra.aws.encryption import Encryption
from infra.aws.gpu_pool import GpuPool
from infra.aws.identity import Identity
from infra.aws.lake import Lake
from infra.aws.metrics_collector import MetricsCollector
from infra.aws.model_signing import ModelSigning
from infra.aws.network import Network
from infra.aws.offerings import require_offered
from infra.aws.operations import Operations
from infra.aws.providers import Providers
from infra.aws.registry import Registry
from infra.aws.schema_registry import SchemaRegistry
from infra.aws.stream_access import StreamAccess
from infra.aws.streaming import Streaming
from infra.aws.training_filesystem import TrainingFilesystem
from infra.aws.working_hours import WorkingHours
from infra.aws.workload_identity import WorkloadIdentity
from infra.handover import hand_over
from infra.planning.subnets import plan_subnets
from infra.settings.models import Settings


@dataclass(frozen=True, kw_only=True)
class AwsEstate:
    """The components that an environment consists of; identities by tenant, then by workload.

    File systems are by tenant, of those that have one; the stream's roles are there where its topics are.
    """

    account: Account
    network: Network
    keys: Encryption
    model_signing: ModelSigning
    lake: Lake
    access_points: AccessPoints
    catalogue: Catalogue
    streaming: Streaming
    schemas: SchemaRegistry | None
    data_stores: DataStores
    cache: Cache
    registry: Registry
    cluster: Cluster
    personas: Identity
    pools: dict[str, GpuPool]
    addons: ClusterAddons
    elastic_nodes: ElasticNodes | None
    filesystems: dict[str, TrainingFilesystem]
    identities: dict[str, dict[str, WorkloadIdentity]]
    stream_access: StreamAccess | None
    audit: Audit
    operations: Operations
    metrics_collector: MetricsCollector
    dashboards: Dashboards | None
    working_hours: WorkingHours | None
    edge: Edge | None


async def build_aws(settings: Settings, providers: Providers) -> AwsEstate:
    """Register every AWS resource of an environment.

    Raises:
        pulumi.RunError: a pool is in a zone that lacks its instance type.
    """
    platform = settings.platform
    require_offered(settings, providers)
    site = Site(
        platform=platform,
        account=current_account(providers.home, settings.region),
        subnets=plan_subnets(platform.network.vpc_range, platform.network.zones),
        opts=ResourceOptions(provider=providers.home),
    )
    # First: no resource takes the provider longer to compare than the firewall, and much waits for the names.
    edge = foundation.edge(site, providers.edge)
    network, keys = foundation.network_and_keys(site)
    model_signing = foundation.model_signing(site)
    foundation.request_quotas(site, providers.second)
    await hand_over()
    # Then what others wait for, and what AWS takes long to make.
    cluster = compute.cluster(site, network, keys)
    elastic_nodes = compute.elastic_nodes(site, network, keys, cluster)
    lake = data.lake(site, keys)
    filesystems = training.filesystems(site, network, keys, lake, cluster)
    await hand_over()
    if providers.second:
        data.replicate(site, lake, keys, providers.second)
    await hand_over()
    streaming, schemas = data.streaming(site, network, keys), data.schemas(site)
    data_stores = data.data_stores(site, network, keys)
    cache = data.cache(site, network, keys)
    await hand_over()
    pools, addons = compute.nodes(site, network, keys, cluster)
    await hand_over()
    personas = access.personas(site, keys, cluster)
    identities = access.identities(site, keys, model_signing, cluster, cache, schemas)
    await hand_over()
    copies = foundation.backup_copies(site, providers.second)
    operations = foundation.operations(site, keys, cluster, copies)
    return AwsEstate(
        account=site.account,
        network=network,
        keys=keys,
        model_signing=model_signing,
        lake=lake,
        catalogue=data.catalogue(site, keys, lake, personas),
        access_points=data.access_points(site, lake, personas, identities, addons),
        streaming=streaming,
        schemas=schemas,
        data_stores=data_stores,
        cache=cache,
        registry=foundation.registry(site, keys),
        cluster=cluster,
        personas=personas,
        pools=pools,
        addons=addons,
        elastic_nodes=elastic_nodes,
        filesystems=filesystems,
        identities=identities,
        stream_access=access.stream_access(site, cluster, identities),
        audit=foundation.audit(site, keys, lake),
        operations=operations,
        metrics_collector=foundation.metrics_collector(site, network, cluster, operations),
        dashboards=foundation.dashboards(site, network, operations),
        working_hours=foundation.working_hours(site, cluster, pools, operations),
        edge=edge,
    )
