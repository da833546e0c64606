"""The outputs of a stack: what people, pipelines and other programs may rely on."""

from __future__ import annotations

from typing import Any

from infra.aws.layer import AwsEstate
from infra.kubernetes.layer import TenantEstate
from infra.settings.models import Settings


def stack_outputs(settings: Settings, estate: AwsEstate, tenants: dict[str, TenantEstate]) -> dict[str, Any]:
    """The outputs by name. Names are an interface: add to them, do not change them."""
    lake = estate.lake.outputs
    return {
        "region": settings.region,
        "cluster_name": estate.cluster.outputs.name,
        "lake": {
            "raw": lake.raw,
            "curated": lake.curated,
            "features": lake.features,
            "models": lake.models,
            "checkpoints": lake.checkpoints,
        },
        "databases": estate.catalogue.outputs.databases,
        "workgroups": estate.catalogue.outputs.workgroups,
        "access_points": estate.access_points.outputs.aliases,
        "streaming": {
            "bootstrap_brokers": estate.streaming.outputs.bootstrap_brokers,
            **_roles(estate),
            **_schemas(estate),
        },
        "audit": {"bucket": estate.audit.outputs.bucket, "trail_arn": estate.audit.outputs.trail_arn},
        "database": {"endpoint": estate.data_stores.outputs.database_endpoint},
        "cache": {"endpoint": estate.cache.outputs.endpoint},
        "alerts_topic_arn": estate.operations.outputs.alerts_topic_arn,
        "backup_vault": estate.operations.outputs.backup_vault,
        "metrics_endpoint": estate.operations.outputs.metrics_endpoint,
        **_dashboards(estate),
        "image_repositories": estate.registry.outputs.repository_urls,
        "signing_profile_arn": estate.registry.outputs.signing_profile_arn,
        "model_signing_keys": estate.model_signing.outputs.key_arns,
        **_edge(estate),
        "tenants": {name: _tenant(estate) for name, estate in tenants.items()},
    }


def _schemas(estate: AwsEstate) -> dict[str, Any]:
    """Nothing where no schema is declared."""
    return {"schema_registry": estate.schemas.outputs.name} if estate.schemas else {}


def _roles(estate: AwsEstate) -> dict[str, Any]:
    """Nothing where MSK is serverless."""
    return {"roles": estate.stream_access.outputs.role_arns} if estate.stream_access else {}


def _dashboards(estate: AwsEstate) -> dict[str, Any]:
    """Nothing where there are none."""
    if estate.dashboards is None:
        return {}
    outputs = estate.dashboards.outputs
    return {"dashboards": {"url": outputs.url, "private_name": outputs.private_name}}


def _edge(estate: AwsEstate) -> dict[str, Any]:
    """Nothing where there is no edge."""
    if estate.edge is None:
        return {}
    outputs = estate.edge.outputs
    return {"edge": {"url": outputs.url, "name_servers": outputs.name_servers}}


def _tenant(estate: TenantEstate) -> dict[str, Any]:
    inference = estate.inference.outputs
    return {
        "namespace": estate.tenant.outputs.namespace,
        "ingest": estate.ingest.outputs.template,
        "training": estate.training.outputs.template,
        "inference": {
            "service": inference.service,
            "http_port": inference.http_port,
            "grpc_port": inference.grpc_port,
        },
    }
