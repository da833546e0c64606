"""What the emulated account holds, over every service that the program uses."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import boto3
from botocore.config import Config

from groundplan.errors import GroundplanError
from groundplan.rehearsal import inventory_edge
from groundplan.rehearsal.inventory_pages import EC2_LISTS, listed, own_keys, pages
from groundplan.rehearsal.world import ACCOUNT_ID, World
from groundplan.settings import load_stack

Inventory = dict[str, list[str]]
"""Service -> ids of what it holds, each `kind/id`, sorted."""
Lister = Callable[[Any], Iterable[str]]
"""Asks a client of a service for ids."""

_GONE = {"deleted", "deleting", "cancelled", "expired"}
"""States in which AWS still shows endpoints, NAT gateways and reservations for a while."""


def aws_inventory(world: World) -> Inventory:
    """What the account of a rehearsal holds now and did not hold when the emulator started.

    Raises:
        GroundplanError: the emulator of that rehearsal has not started.
    """
    try:
        before: Inventory = json.loads(baseline_file(world).read_text())
        credentials = json.loads(credentials_file(world).read_text())
    except FileNotFoundError as error:
        raise GroundplanError(
            f"The emulator of the rehearsal {world.id!r} has not started: {error.filename} is missing.",
            hint="Start it: groundplan rehearse run dev",
        ) from error
    reach = (world.aws_endpoint_url, world.certificate_authority)
    now = take(*reach, world.region, credentials)
    for region in _other_regions(world):
        connect = connector(*reach, credentials)
        now |= _listed(connect, region, {"kms": _kms, "backup": _backup}, suffix=f" in {region}")
    return {service: sorted(set(ids) - set(before.get(service, []))) for service, ids in now.items()}


def baseline_file(world: World) -> Path:
    """Where the emulator notes what the account holds at its start."""
    return world.run / "account-baseline.json"


def credentials_file(world: World) -> Path:
    """Where the emulator puts the credentials of a session that may list everything."""
    return world.run / "observer.json"


def take(
    endpoint_url: str,
    authority: Path,
    region: str,
    credentials: Mapping[str, Any],
    only: Container[str] | None = None,
) -> Inventory:
    """List everything in the account.

    Args:
        endpoint_url: where the AWS APIs answer.
        authority: certificate file of the authority that they are trusted by.
        region: AWS region.
        credentials: `AccessKeyId`, `SecretAccessKey`, `SessionToken`.
        only: the services to ask, by their names in the answer; None for all.
    """
    connect = connector(endpoint_url, authority, credentials)
    edge = inventory_edge.REGION
    return _listed(connect, region, LISTERS, only=only) | _listed(
        connect, edge, inventory_edge.LISTERS, suffix=f" in {edge}", only=only
    )


def _listed(
    connect: Callable[..., Any],
    region: str,
    listers: Mapping[str, Lister],
    *,
    suffix: str = "",
    only: Container[str] | None = None,
) -> Inventory:
    """What some services hold in a region, by their names with a suffix."""
    return {
        f"{service}{suffix}": sorted(lister(connect(service, region_name=region)))
        for service, lister in listers.items()
        if only is None or f"{service}{suffix}" in only
    }


def _other_regions(world: World) -> list[str]:
    """Where the environment has something beside its own region; buckets of all regions are listed anyway."""
    recovery = load_stack(world.environment).settings.platform.recovery
    return [recovery.region] if recovery else []


def connector(endpoint_url: str, authority: Path, credentials: Mapping[str, Any]) -> Callable[..., Any]:
    """Makes clients of services, from a service's name and `region_name`; arguments as those of `take`."""
    return partial(
        _session().client,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        endpoint_url=endpoint_url,
        verify=str(authority),
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}),
    )


@cache
def _session() -> boto3.Session:
    """One for all: it reads the models of the services (a second) once."""
    return boto3.Session()


def _ec2(client: Any) -> Iterable[str]:
    for operation, (key, id_key) in EC2_LISTS.items():
        for item in pages(client, operation, key):
            if item.get("State") not in _GONE:
                yield f"{key}/{item[id_key]}"
    for reservation in pages(client, "describe_instances", "Reservations"):
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] != "terminated":
                yield f"Instances/{instance['InstanceId']}"


def _s3(client: Any) -> Iterable[str]:
    return (f"Buckets/{bucket['Name']}" for bucket in client.list_buckets()["Buckets"])


def _access_points(client: Any) -> Iterable[str]:
    call_s3_control_by_its_address(client)
    points = pages(client, "list_access_points", "AccessPointList", AccountId=ACCOUNT_ID)
    return (f"AccessPoints/{point['Name']}" for point in points)


def call_s3_control_by_its_address(client: Any) -> None:
    """Leave the account's number out of the host, for which there is no DNS; a header has it, too."""

    def shorten(request: Any, **_: Any) -> None:
        request.url = request.url.replace(f"//{ACCOUNT_ID}.", "//", 1)

    client.meta.events.register("before-sign.s3-control", shorten)


def _athena(client: Any) -> Iterable[str]:
    for group in client.list_work_groups()["WorkGroups"]:
        yield f"WorkGroups/{group['Name']}"


def _glue(client: Any) -> Iterable[str]:
    for database in pages(client, "get_databases", "DatabaseList"):
        name = database["Name"]
        yield f"Databases/{name}"
        for table in pages(client, "get_tables", "TableList", DatabaseName=name):
            yield f"Tables/{name}/{table['Name']}"
    yield from listed(client, ("list_registries", "Registries", "RegistryName"))


def _lake_formation(client: Any) -> Iterable[str]:
    for resource in client.list_resources()["ResourceInfoList"]:
        yield f"Resources/{resource['ResourceArn']}"
    for number, _ in enumerate(client.list_permissions()["PrincipalResourcePermissions"]):
        yield f"Permissions/{number}"


def _kms(client: Any) -> Iterable[str]:
    yield from own_keys(client)
    for alias in pages(client, "list_aliases", "Aliases"):
        if not alias["AliasName"].startswith("alias/aws/"):
            yield f"Aliases/{alias['AliasName']}"


def _iam(client: Any) -> Iterable[str]:
    yield from (f"Roles/{role['RoleName']}" for role in pages(client, "list_roles", "Roles"))
    yield from (
        f"Policies/{policy['Arn']}" for policy in pages(client, "list_policies", "Policies", Scope="Local")
    )
    yield from (f"Users/{user['UserName']}" for user in pages(client, "list_users", "Users"))
    yield from (f"Groups/{group['GroupName']}" for group in pages(client, "list_groups", "Groups"))
    for profile in pages(client, "list_instance_profiles", "InstanceProfiles"):
        yield f"InstanceProfiles/{profile['InstanceProfileName']}"
    for provider in client.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        yield f"OpenIDConnectProviders/{provider['Arn']}"


def _ecr(client: Any) -> Iterable[str]:
    for repository in pages(client, "describe_repositories", "repositories"):
        name = repository["repositoryName"]
        yield f"repositories/{name}"
        for image in pages(client, "list_images", "imageIds", repositoryName=name):
            yield f"images/{name}@{image['imageDigest']}"


def _signing_profiles(client: Any) -> Iterable[str]:
    """Profiles that sign; a cancelled one stays for ever, so that old signatures can be checked."""
    profiles = pages(client, "list_signing_profiles", "profiles", statuses=["Active"])
    return (f"profiles/{profile['profileName']}" for profile in profiles)


def _rds(client: Any) -> Iterable[str]:
    return listed(
        client,
        ("describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
        ("describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
        ("describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    )


def _caches(client: Any) -> Iterable[str]:
    return listed(
        client,
        ("describe_replication_groups", "ReplicationGroups", "ReplicationGroupId"),
        ("describe_cache_clusters", "CacheClusters", "CacheClusterId"),
        ("describe_cache_subnet_groups", "CacheSubnetGroups", "CacheSubnetGroupName"),
        ("describe_users", "Users", "UserId"),
        ("describe_user_groups", "UserGroups", "UserGroupId"),
        ("describe_snapshots", "Snapshots", "SnapshotName"),
    )


def _file_systems(client: Any) -> Iterable[str]:
    return listed(
        client,
        ("describe_file_systems", "FileSystems", "FileSystemId"),
        ("describe_data_repository_associations", "Associations", "AssociationId"),
    )


def _secrets(client: Any) -> Iterable[str]:
    yield from (f"Secrets/{item['Name']}" for item in pages(client, "list_secrets", "SecretList"))


def _kafka(client: Any) -> Iterable[str]:
    for cluster in pages(client, "list_clusters_v2", "ClusterInfoList"):
        yield f"clusters/{cluster['ClusterName']}"
    for configuration in pages(client, "list_configurations", "Configurations"):
        yield f"configurations/{configuration['Name']}"


def _logs(client: Any) -> Iterable[str]:
    for group in pages(client, "describe_log_groups", "logGroups"):
        yield f"logGroups/{group['logGroupName']}"


def _eks(client: Any) -> Iterable[str]:
    for cluster in pages(client, "list_clusters", "clusters"):
        yield f"clusters/{cluster}"
        for operation, key in (
            ("list_nodegroups", "nodegroups"),
            ("list_addons", "addons"),
            ("list_access_entries", "accessEntries"),
        ):
            yield from (
                f"{key}/{cluster}/{name}" for name in pages(client, operation, key, clusterName=cluster)
            )
        for item in pages(client, "list_pod_identity_associations", "associations", clusterName=cluster):
            yield f"associations/{cluster}/{item['associationId']}"


def _access_analyzer(client: Any) -> Iterable[str]:
    return (f"analyzers/{analyzer['name']}" for analyzer in pages(client, "list_analyzers", "analyzers"))


def _cloudtrail(client: Any) -> Iterable[str]:
    return (f"trails/{trail['Name']}" for trail in client.describe_trails()["trailList"])


def _config(client: Any) -> Iterable[str]:
    return listed(
        client,
        ("describe_configuration_recorders", "ConfigurationRecorders", "name"),
        ("describe_delivery_channels", "DeliveryChannels", "name"),
        ("describe_config_rules", "ConfigRules", "ConfigRuleName"),
    )


def _guardduty(client: Any) -> Iterable[str]:
    return (f"detectors/{detector}" for detector in pages(client, "list_detectors", "DetectorIds"))


def _inspector(client: Any) -> Iterable[str]:
    """What is scanned; Inspector itself can only be switched off."""
    for account in client.batch_get_account_status(accountIds=[ACCOUNT_ID])["accounts"]:
        for kind, state in account["resourceState"].items():
            if state["status"] not in {"DISABLED", "DISABLING"}:
                yield f"scans/{account['accountId']}/{kind}"


def _security_hub(client: Any) -> Iterable[str]:
    try:
        hub = client.describe_hub()
    except client.exceptions.InvalidAccessException:  # it is off
        return
    yield f"hubs/{hub['HubArn']}"
    for standard in pages(client, "get_enabled_standards", "StandardsSubscriptions"):
        yield f"StandardsSubscriptions/{standard['StandardsSubscriptionArn']}"


def _alarms(client: Any) -> Iterable[str]:
    return (
        f"MetricAlarms/{alarm['AlarmName']}" for alarm in pages(client, "describe_alarms", "MetricAlarms")
    )


def _backup(client: Any) -> Iterable[str]:
    for vault in pages(client, "list_backup_vaults", "BackupVaultList"):
        yield f"BackupVaults/{vault['BackupVaultName']}"
    for plan in pages(client, "list_backup_plans", "BackupPlansList"):
        yield f"BackupPlans/{plan['BackupPlanName']}"


def _budgets(client: Any) -> Iterable[str]:
    for budget in client.describe_budgets(AccountId=ACCOUNT_ID)["Budgets"]:
        yield f"Budgets/{budget['BudgetName']}"


def _cost_anomalies(client: Any) -> Iterable[str]:
    for monitor in client.get_anomaly_monitors()["AnomalyMonitors"]:
        yield f"AnomalyMonitors/{monitor['MonitorArn']}"
    for subscription in client.get_anomaly_subscriptions()["AnomalySubscriptions"]:
        yield f"AnomalySubscriptions/{subscription['SubscriptionArn']}"


def _metrics(client: Any) -> Iterable[str]:
    return listed(
        client,
        ("list_scrapers", "scrapers", "scraperId"),
        ("list_workspaces", "workspaces", "workspaceId"),
    )


def _dashboards(client: Any) -> Iterable[str]:
    return listed(client, ("list_workspaces", "workspaces", "id"))


def _topics(client: Any) -> Iterable[str]:
    return listed(
        client,
        ("list_topics", "Topics", "TopicArn"),
        ("list_subscriptions", "Subscriptions", "SubscriptionArn"),
    )


def _queues(client: Any) -> Iterable[str]:
    for page in client.get_paginator("list_queues").paginate():
        # SQS leaves the list out where it is empty.
        yield from (f"Queues/{url}" for url in page.get("QueueUrls", ()))


def _event_rules(client: Any) -> Iterable[str]:
    return (f"Rules/{rule['Name']}" for rule in pages(client, "list_rules", "Rules"))


def _schedules(client: Any) -> Iterable[str]:
    return listed(
        client,
        ("list_schedule_groups", "ScheduleGroups", "Name"),
        ("list_schedules", "Schedules", "Arn"),
    )


LISTERS: Mapping[str, Lister] = MappingProxyType(
    {
        "accessanalyzer": _access_analyzer,
        "amp": _metrics,
        "athena": _athena,
        "backup": _backup,
        "budgets": _budgets,
        "ce": _cost_anomalies,
        "cloudtrail": _cloudtrail,
        "cloudwatch": _alarms,
        "config": _config,
        "ec2": _ec2,
        "ecr": _ecr,
        "eks": _eks,
        "events": _event_rules,
        "elasticache": _caches,
        "fsx": _file_systems,
        "glue": _glue,
        "grafana": _dashboards,
        "guardduty": _guardduty,
        "iam": _iam,
        "kafka": _kafka,
        "inspector2": _inspector,
        "kms": _kms,
        "lakeformation": _lake_formation,
        "logs": _logs,
        "rds": _rds,
        "s3": _s3,
        "s3control": _access_points,
        "securityhub": _security_hub,
        "scheduler": _schedules,
        "secretsmanager": _secrets,
        "signer": _signing_profiles,
        "sns": _topics,
        "sqs": _queues,
    }
)
"""Service, as boto3 calls it -> what lists all that it holds."""
