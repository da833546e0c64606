"""Who may do what: people, pipelines and workloads."""

from __future__ import annotations

import pulumi

from infra.aws.assembly.site import Site
from infra.aws.cache import Cache
from infra.aws.cluster import Cluster, cluster_name
from infra.aws.encryption import Encryption
from infra.aws.identity import Identity, IdentityArgs, Pipelines
from infra.aws.lake import bucket_name
from infra.aws.model_signing import ModelSigning
from infra.aws.schema_registry import SchemaRegistry
from infra.aws.stream_access import StreamAccess, StreamAccessArgs, stream_role
from infra.aws.workload_identity import Grant, Signing, WorkloadIdentity, WorkloadIdentityArgs
from infra.conventions import CACHE_CLIENTS, tenant_namespace


def personas(site: Site, keys: Encryption, cluster: Cluster) -> Identity:
    """Roles of people and pipelines."""
    settings = site.platform.identity
    automation = settings.automation
    return Identity(
        "identity",
        IdentityArgs(
            environment=site.environment,
            account=site.account,
            tenants=list(site.platform.tenants),
            people_account=settings.people_account,
            login_roles=settings.login_roles,
            mfa_max_age_s=settings.mfa_max_age_minutes * 60,
            pipelines=Pipelines(
                issuer=automation.issuer, audience=automation.audience, subjects=automation.subjects
            )
            if automation
            else None,
            cluster=cluster.outputs.name,
            cluster_name=cluster_name(site.environment),
            lake_key_arn=keys.outputs.lake,
            models_key_arn=keys.outputs.models,
        ),
        site.opts,
    )


def identities(
    site: Site,
    keys: Encryption,
    signing: ModelSigning,
    cluster: Cluster,
    cache: Cache,
    schemas: SchemaRegistry | None,
) -> dict[str, dict[str, WorkloadIdentity]]:
    """The role of each workload, by tenant."""
    return {
        tenant: {
            workload: WorkloadIdentity(
                f"{tenant}-{workload}",
                WorkloadIdentityArgs(
                    environment=site.environment,
                    account=site.account,
                    cluster_name=cluster.outputs.name,
                    cluster_arn=cluster.outputs.arn,
                    tenant=tenant,
                    workload=workload,
                    namespace=tenant_namespace(tenant),
                    grants=grants,
                    signing=_signing(workload, signing.outputs.key_arns[tenant]),
                    cache_arns=[cache.outputs.arn, cache.outputs.user_arns[tenant]]
                    if workload in CACHE_CLIENTS
                    else [],
                    # Who takes events in looks up what they look like.
                    schema_arns=[schemas.outputs.arn, *schemas.outputs.schema_arns.values()]
                    if schemas and workload == "ingest"
                    else [],
                    stream_role_arn=site.account.role_arn(stream_role(site.environment, tenant))
                    if site.platform.topics and workload == "ingest"
                    else None,
                ),
                site.opts,
            )
            for workload, grants in _grants(site, keys).items()
        }
        for tenant in site.platform.tenants
    }


def stream_access(
    site: Site, cluster: Cluster, identities: dict[str, dict[str, WorkloadIdentity]]
) -> StreamAccess | None:
    """Who uses the topics, where there are any. IAM knows only principals that are there."""
    if not site.platform.topics:
        return None
    return StreamAccess(
        "stream-access",
        StreamAccessArgs(
            environment=site.environment,
            account=site.account,
            clients={tenant: [each["ingest"].role_name] for tenant, each in identities.items()},
            cluster_name=cluster.outputs.name,
            cluster_arn=cluster.outputs.arn,
        ),
        site.after(*(each["ingest"] for each in identities.values())),
    )


def _signing(workload: str, key_arn: pulumi.Output[str]) -> Signing | None:
    match workload:
        case "training":
            return Signing(verb="Sign", key_arn=key_arn)
        case "inference":
            return Signing(verb="Verify", key_arn=key_arn)
    return None


def _grants(site: Site, keys: Encryption) -> dict[str, list[Grant]]:
    """What each workload does in the lake."""

    def grant(zone: str, key_arn: pulumi.Output[str], *, write: bool = False) -> Grant:
        bucket = bucket_name(site.environment, zone, site.account)
        return Grant(zone=zone, bucket=bucket, key_arn=key_arn, write=write)

    lake, models = keys.outputs.lake, keys.outputs.models
    return {
        "ingest": [grant("raw", lake), grant("curated", lake, write=True)],
        "training": [
            grant("curated", lake),
            grant("features", lake),
            grant("checkpoints", models, write=True),
            grant("models", models, write=True),
        ],
        "inference": [grant("models", models)],
    }
