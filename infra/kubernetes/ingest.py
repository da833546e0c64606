"""The ingest job of a tenant: source files in, partitioned and checked Parquet out."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi import Input, Output

from infra.conventions import ComponentType, registered
from infra.kubernetes import pods
from infra.kubernetes.jobs import job_template
from infra.kubernetes.pods import Workload

_TIMEOUT_S = 3600
_RETRIES = 3


@dataclass(frozen=True, kw_only=True)
class IngestArgs:
    """What an ingest job is made from.

    Args:
        workload: who runs where.
        dataset: name of the data set.
        raw_uri: where source files are, `s3://bucket/prefix`.
        curated_uri: where Parquet goes.
    """

    workload: Workload
    dataset: str
    raw_uri: Input[str]
    curated_uri: Input[str]


@dataclass(frozen=True, kw_only=True)
class IngestOutputs:
    """Name of the job template."""

    template: Output[str]


class Ingest(pulumi.ComponentResource):
    """A template for ingest runs."""

    def __init__(self, name: str, args: IngestArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.INGEST, name, None, opts)
        main = pods.container(
            args.workload,
            environment=pods.values(
                {
                    "DATASET": args.dataset,
                    "LAKE_RAW_URI": args.raw_uri,
                    "LAKE_CURATED_URI": args.curated_uri,
                }
            ),
        )
        template = job_template(
            args.workload,
            pod=pods.pod_spec(args.workload, main, scratch="2Gi", restart_policy="Never"),
            retries=_RETRIES,
            timeout_s=_TIMEOUT_S,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.outputs = IngestOutputs(template=template.metadata.name)
        self.register_outputs(registered(self.outputs))
