"""The keeper of the event stream's quotas: AWS has no API for them, so a job sets them on the brokers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi import Input, Output
from pulumi_kubernetes.core.v1.LimitRange import LimitRange
from pulumi_kubernetes.core.v1.Namespace import Namespace
from pulumi_kubernetes.core.v1.ResourceQuota import ResourceQuota
from pulumi_kubernetes.core.v1.ServiceAccount import ServiceAccount
from pulumi_kubernetes.networking.v1.NetworkPolicy import NetworkPolicy

from infra.conventions import GPU_RESOURCE, SYSTEM_POOL, SYSTEM_TAINT, ComponentType, labels, registered
from infra.kubernetes import pods
from infra.kubernetes.jobs import job_template
from infra.kubernetes.network_policies import client_policies
from infra.kubernetes.pod_standards import restricted
from infra.kubernetes.pods import PodSize, Workload
from infra.planning.topics import Quota

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import ContainerArgsDict
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

_OWNER = "platform"
"""In the place of a tenant: what serves all of them."""
_EVERY_TEN_MINUTES = "*/10 * * * *"
_TIMEOUT_S = 300
_RETRIES = 2
_SIZE = PodSize(cpu_millicores=50, cpu_limit_millicores=1000, memory_mib=256)
_PODS = 4
"""One run, and what is left of runs that failed."""


@dataclass(frozen=True, kw_only=True)
class StreamQuotasArgs:
    """What the keeper is made from.

    Args:
        namespace: its own.
        service_account: whose identity may set quotas.
        image: that of ingest, by digest.
        region: AWS region.
        kubernetes_version: pins the meaning of `restricted`.
        bootstrap_brokers: the brokers, by TLS and IAM.
        isolated_ranges: where they and the endpoints of AWS' services have their addresses.
        broker_port: the brokers', for clients with an IAM identity.
        pod_ranges: every range that a pod of any namespace can have an address in.
        quotas: by user of Kafka.
        user_prefix: how the names of all our users begin; those without a quota have none.
    """

    namespace: str
    service_account: str
    image: Input[str]
    region: str
    kubernetes_version: str
    bootstrap_brokers: Input[str]
    isolated_ranges: Sequence[str]
    broker_port: int
    pod_ranges: Sequence[str]
    quotas: Mapping[str, Quota]
    user_prefix: str


@dataclass(frozen=True, kw_only=True)
class StreamQuotasOutputs:
    """Name of the job."""

    job: Output[str]


class StreamQuotas(pulumi.ComponentResource):
    """Every ten minutes the brokers have the declared quotas again, whoever changed them."""

    def __init__(self, name: str, args: StreamQuotasArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.STREAM_QUOTAS, name, None, opts)
        self._args = args
        self._labels = labels(args.service_account, tenant=_OWNER)
        self._child = pulumi.ResourceOptions(parent=self)
        self._namespace = self._create_namespace()
        policies = self._isolate()
        self._limit()
        account = ServiceAccount(
            f"{args.namespace}-{args.service_account}",
            metadata=self._metadata(args.service_account),
            automount_service_account_token=False,
            opts=self._child,
        )
        workload = Workload(
            tenant=_OWNER,
            service=args.service_account,
            namespace=self._namespace.metadata.name,
            service_account=account.metadata.name,
            image=args.image,
            # Small and often: on a pool that grows with its pods it would launch a node each time.
            pool=SYSTEM_POOL,
            size=_SIZE,
            region=args.region,
        )
        # No pod is ever there without the policies.
        opts = pulumi.ResourceOptions(parent=self, depends_on=policies)
        job = job_template(
            workload,
            pod=pods.pod_spec(
                workload,
                self._container(workload),
                scratch="64Mi",
                restart_policy="Never",
                tolerations=[{"key": SYSTEM_TAINT, "operator": "Exists"}],
            ),
            retries=_RETRIES,
            timeout_s=_TIMEOUT_S,
            schedule=_EVERY_TEN_MINUTES,
            opts=opts,
        )
        self.outputs = StreamQuotasOutputs(job=job.metadata.name)
        self.register_outputs(registered(self.outputs))

    def _metadata(self, name: str) -> ObjectMetaArgsDict:
        return {"name": name, "namespace": self._namespace.metadata.name, "labels": self._labels}

    def _create_namespace(self) -> Namespace:
        standards = restricted(self._args.kubernetes_version)
        return Namespace(
            self._args.namespace,
            metadata={"name": self._args.namespace, "labels": self._labels | standards},
            opts=self._child,
        )

    def _limit(self) -> None:
        """No GPU, and no more than the job's own pods."""
        cpu, memory = f"{_PODS * _SIZE.cpu_millicores}m", f"{_PODS * _SIZE.memory_mib}Mi"
        ResourceQuota(
            f"{self._args.namespace}-quota",
            metadata=self._metadata("quota"),
            spec={
                "hard": {
                    "requests.cpu": cpu,
                    "requests.memory": memory,
                    "limits.memory": memory,
                    f"requests.{GPU_RESOURCE}": "0",
                    "pods": str(_PODS),
                }
            },
            opts=self._child,
        )
        default = {"cpu": f"{_SIZE.cpu_millicores}m", "memory": f"{_SIZE.memory_mib}Mi"}
        LimitRange(
            f"{self._args.namespace}-defaults",
            metadata=self._metadata("defaults"),
            spec={"limits": [{"type": "Container", "default_request": default, "default": default}]},
            opts=self._child,
        )

    def _isolate(self) -> list[NetworkPolicy]:
        args = self._args
        policies = client_policies(
            pod_ranges=args.pod_ranges, isolated_ranges=args.isolated_ranges, broker_port=args.broker_port
        )
        return [
            NetworkPolicy(
                f"{args.namespace}-{name}",
                metadata=self._metadata(name),
                spec=spec,
                opts=self._child,
            )
            for name, spec in policies.items()
        ]

    def _container(self, workload: Workload) -> ContainerArgsDict:
        args = self._args
        quotas = {
            user: {
                "producer_byte_rate": quota.produce_bytes_per_s,
                "consumer_byte_rate": quota.consume_bytes_per_s,
                "request_percentage": quota.request_percent,
            }
            for user, quota in args.quotas.items()
        }
        return pods.container(
            workload,
            command=["python", "-m", "ingest.quotas"],
            environment=pods.values(
                {
                    "KAFKA_BOOTSTRAP_SERVERS": args.bootstrap_brokers,
                    "KAFKA_USER_PREFIX": args.user_prefix,
                    "KAFKA_QUOTAS": json.dumps(quotas, sort_keys=True),
                }
            ),
        )
