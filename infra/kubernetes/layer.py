"""Puts the tenants of one environment onto its cluster."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Output, ResourceOptions
from pulumi_kubernetes.provider import Provider

from infra.aws.cache import CACHE_PORT
from infra.aws.layer import AwsEstate
from infra.aws.stream_access import KEEPER, KEEPER_NAMESPACE, stream_role
from infra.aws.streaming import IAM_PORT
from infra.conventions import physical_name
from infra.kubernetes.access import kubernetes_provider
from infra.kubernetes.admission import Admission, AdmissionArgs, generated_manifests
from infra.kubernetes.auditor_access import AuditorAccess, AuditorAccessArgs
from infra.kubernetes.elastic_nodes import build_elastic_nodes
from infra.kubernetes.fabric_driver import FabricDriver, FabricDriverArgs
from infra.kubernetes.inference import GRPC_PORT, HTTP_PORT, Inference, InferenceArgs
from infra.kubernetes.ingest import Ingest, IngestArgs
from infra.kubernetes.lake_files import CURATED_FOLDER, Filesystem, LakeFiles, LakeMount
from infra.kubernetes.pods import PodSize, Workload
from infra.kubernetes.stream_quotas import StreamQuotas, StreamQuotasArgs
from infra.kubernetes.tenant import Tenant, TenantArgs
from infra.kubernetes.training import Training, TrainingArgs
from infra.kubernetes.volume_class import VolumeClass, VolumeClassArgs
from infra.planning.fabric import interfaces_for
from infra.planning.subnets import SHARED_ADDRESS_SPACE, plan_subnets
from infra.planning.topics import Quota, broker_share, kafka_user, kafka_users
from infra.settings.models import PlatformSettings, PodSizeSettings, Settings, TenantSettings
from infra.settings.release import SERVICES, Release
from infra.settings.tags import platform_tags


@dataclass(frozen=True, kw_only=True)
class TenantEstate:
    """The components of one tenant on the cluster."""

    tenant: Tenant
    ingest: Ingest
    training: Training
    inference: Inference


def build_kubernetes(settings: Settings, estate: AwsEstate, release: Release) -> dict[str, TenantEstate]:
    """Register every Kubernetes resource of an environment; the result is by tenant."""
    # Not before the deployer's access entry, nor after it is gone.
    provider = kubernetes_provider(
        estate.cluster.outputs,
        region=settings.region,
        opts=ResourceOptions(depends_on=[estate.cluster]),
    )
    admission = Admission(
        "admission", AdmissionArgs(manifests=generated_manifests()), ResourceOptions(provider=provider)
    )
    AuditorAccess("auditor-access", AuditorAccessArgs(), ResourceOptions(provider=provider))
    volumes = _volume_class(settings, estate, provider)
    # Policies come before whatever they judge; the class of volumes, and its driver, go after all claims.
    opts = ResourceOptions(provider=provider, depends_on=[admission, volumes])
    _keep_quotas(settings, estate, release, opts)
    build_elastic_nodes(
        settings, estate, _isolated_ranges(settings.platform), ResourceOptions(provider=provider)
    )
    _connect(settings, ResourceOptions(provider=provider))
    return {
        name: _TenantBuilder(settings, estate, release, name, tenant, opts).build()
        for name, tenant in settings.platform.tenants.items()
    }


def _volume_class(settings: Settings, estate: AwsEstate, provider: Provider) -> VolumeClass:
    return VolumeClass(
        "volume-class",
        VolumeClassArgs(key_arn=estate.keys.outputs.volumes, tags=platform_tags(settings.platform)),
        ResourceOptions(provider=provider, depends_on=[estate.addons]),
    )


def _keep_quotas(settings: Settings, estate: AwsEstate, release: Release, opts: ResourceOptions) -> None:
    """The keeper of the stream's quotas, where there are brokers that can have some."""
    if estate.stream_access is None:
        return
    platform = settings.platform
    StreamQuotas(
        "stream-quotas",
        StreamQuotasArgs(
            namespace=KEEPER_NAMESPACE,
            service_account=KEEPER,
            image=Output.concat(
                estate.registry.outputs.repository_urls["ingest"], "@", release.digest("ingest")
            ),
            region=settings.region,
            kubernetes_version=platform.cluster.kubernetes_version,
            bootstrap_brokers=estate.streaming.outputs.bootstrap_brokers,
            isolated_ranges=_isolated_ranges(platform),
            broker_port=IAM_PORT,
            pod_ranges=[str(platform.network.vpc_range), str(SHARED_ADDRESS_SPACE)],
            quotas=_quotas(settings, estate),
            user_prefix=kafka_users(
                estate.account.partition, estate.account.id, f"{physical_name(platform.environment)}-"
            ),
        ),
        # Pods get credentials only if the association is there before them.
        ResourceOptions.merge(opts, ResourceOptions(depends_on=[estate.stream_access])),
    )


def _connect(settings: Settings, opts: ResourceOptions) -> None:
    """The driver of adapters, where nodes have some."""
    pools = [name for name, pool in settings.platform.gpu_pools.items() if pool.efa]
    if pools:
        FabricDriver("fabric-driver", FabricDriverArgs(pools=pools), opts)


def _isolated_ranges(platform: PlatformSettings) -> list[str]:
    plan = plan_subnets(platform.network.vpc_range, platform.network.zones)
    return [str(subnet.address_range) for subnet in plan.isolated]


def _quotas(settings: Settings, estate: AwsEstate) -> dict[str, Quota]:
    """By user of Kafka, each broker's share."""
    platform = settings.platform
    brokers = platform.streaming.brokers.per_zone * len(platform.network.zones)
    return {
        kafka_user(
            estate.account.partition, estate.account.id, stream_role(platform.environment, tenant), tenant
        ): broker_share(
            produce_kib_per_s=quota.produce_kib_per_s,
            consume_kib_per_s=quota.consume_kib_per_s,
            request_percent=quota.request_percent,
            brokers=brokers,
        )
        for tenant, each in platform.tenants.items()
        if (quota := each.streaming.quota)
    }


class _TenantBuilder:
    """Passes one tenant's settings and the estate's outputs on as arguments."""

    def __init__(
        self,
        settings: Settings,
        estate: AwsEstate,
        release: Release,
        name: str,
        tenant: TenantSettings,
        opts: ResourceOptions,
    ) -> None:
        self._settings = settings
        self._estate = estate
        self._release = release
        self._name = name
        self._tenant = tenant
        self._opts = opts

    def build(self) -> TenantEstate:
        """Register the namespace and the workloads in it."""
        tenant = self._create_tenant()
        return TenantEstate(
            tenant=tenant,
            ingest=self._create_ingest(tenant),
            training=self._create_training(tenant),
            inference=self._create_inference(tenant),
        )

    def _create_tenant(self) -> Tenant:
        platform, quota = self._settings.platform, self._tenant.quota
        vpc_range = str(platform.network.vpc_range)
        callers = [str(address_range) for address_range in self._tenant.inference.caller_ranges]
        lake_files = self._lake_files()
        return Tenant(
            self._name,
            TenantArgs(
                tenant=self._name,
                services=SERVICES,
                kubernetes_version=platform.cluster.kubernetes_version,
                cpus=quota.cpus,
                memory_gib=quota.memory_gib,
                gpus=quota.gpus,
                efa_interfaces=self._efa_interfaces() * self._tenant.training.nodes,
                pods=quota.pods,
                volume_gib=quota.volume_gib,
                lake_claim_gib=lake_files.capacity_gib if lake_files else 0,
                pod_ranges=[vpc_range, str(SHARED_ADDRESS_SPACE)],
                isolated_ranges=_isolated_ranges(platform),
                broker_port=IAM_PORT,
                cache_port=CACHE_PORT,
                # A load balancer's health checks, and what nodes forward to others, come from the VPC.
                caller_ranges=[vpc_range, *callers],
                inference_ports=[HTTP_PORT, GRPC_PORT],
            ),
            self._opts,
        )

    def _workload(
        self, tenant: Tenant, service: str, size: PodSizeSettings, *, gpus: int, pool: str | None = None
    ) -> Workload:
        repository = self._estate.registry.outputs.repository_urls[service]
        return Workload(
            tenant=self._name,
            service=service,
            namespace=tenant.outputs.namespace,
            service_account=tenant.outputs.service_accounts[service],
            image=Output.concat(repository, "@", self._release.digest(service)),
            pool=pool or self._tenant.pool,
            size=PodSize(
                cpu_millicores=size.cpu_millicores,
                cpu_limit_millicores=size.cpu_limit_millicores,
                memory_mib=size.memory_mib,
                gpus=gpus,
            ),
            region=self._settings.region,
        )

    @property
    def _signing_key(self) -> Output[str]:
        return self._estate.model_signing.outputs.key_arns[self._name]

    def _uri(self, bucket: Output[str]) -> Output[str]:
        return Output.concat("s3://", bucket, "/", self._name)

    def _after_identity(self, service: str) -> ResourceOptions:
        """Pods get credentials only if the association is there before them."""
        identity = self._estate.identities[self._name][service]
        return ResourceOptions.merge(self._opts, ResourceOptions(depends_on=[identity]))

    def _create_ingest(self, tenant: Tenant) -> Ingest:
        lake = self._estate.lake.outputs
        return Ingest(
            f"{self._name}-ingest",
            IngestArgs(
                workload=self._workload(
                    tenant, "ingest", self._tenant.ingest.size, gpus=0, pool=self._tenant.ingest.pool
                ),
                dataset=self._tenant.dataset,
                raw_uri=self._uri(lake.raw),
                curated_uri=self._uri(lake.curated),
            ),
            self._after_identity("ingest"),
        )

    def _create_training(self, tenant: Tenant) -> Training:
        lake, training = self._estate.lake.outputs, self._tenant.training
        lake_files = self._lake_files()
        return Training(
            f"{self._name}-training",
            TrainingArgs(
                workload=self._workload(
                    tenant,
                    "training",
                    training.size,
                    gpus=training.gpus_per_node,
                    pool=self._tenant.training_pool,
                ),
                dataset=self._tenant.dataset,
                model=self._tenant.model,
                code_version=self._release.digest("training"),
                curated_uri=f"file://{CURATED_FOLDER}" if lake_files else self._uri(lake.curated),
                checkpoints_uri=self._uri(lake.checkpoints),
                models_uri=self._uri(lake.models),
                signing_key=self._signing_key,
                nodes=training.nodes,
                epochs=training.epochs,
                batch_size=training.batch_size,
                learning_rate=training.learning_rate,
                seed=training.seed,
                checkpoint_interval_steps=training.checkpoint_interval_steps,
                max_hours=training.max_hours,
                lake_files=lake_files,
                efa_interfaces=self._efa_interfaces(),
            ),
            self._after_identity("training"),
        )

    def _efa_interfaces(self) -> int:
        """Adapters of each training pod: pods that train alone need none."""
        pool = self._settings.platform.gpu_pools.get(self._tenant.training_pool)
        training = self._tenant.training
        if pool is None or not pool.efa or training.nodes == 1:
            return 0
        return interfaces_for(pool.instance_type, training.gpus_per_node) or 0

    def _lake_files(self) -> LakeFiles | None:
        settings = self._tenant.training.filesystem
        if settings is None:
            return self._lake_mount()
        outputs = self._estate.filesystems[self._name].outputs
        return Filesystem(
            id=outputs.id,
            dns_name=outputs.dns_name,
            mount_name=outputs.mount_name,
            capacity_gib=settings.capacity_gib,
        )

    def _lake_mount(self) -> LakeMount | None:
        if not self._tenant.training.lake_mount:
            return None
        return LakeMount(
            bucket=self._estate.lake.outputs.curated, prefix=f"{self._name}/", region=self._settings.region
        )

    def _create_inference(self, tenant: Tenant) -> Inference:
        inference = self._tenant.inference
        return Inference(
            f"{self._name}-inference",
            InferenceArgs(
                workload=self._workload(tenant, "inference", inference.size, gpus=1),
                model=self._tenant.model,
                alias=inference.alias,
                models_uri=self._uri(self._estate.lake.outputs.models),
                signing_key=self._signing_key,
                min_replicas=inference.replicas.min,
                max_replicas=inference.replicas.max,
                cpu_target_percent=inference.cpu_target_percent,
                caller_ranges=[str(address_range) for address_range in inference.caller_ranges],
            ),
            self._after_identity("inference"),
        )
