"""The cache: Valkey on ElastiCache, for online features and results. Clients speak TLS and log in by IAM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.elasticache.replication_group import ReplicationGroup
from pulumi_aws.elasticache.subnet_group import SubnetGroup
from pulumi_aws.elasticache.user import User
from pulumi_aws.elasticache.user_group import UserGroup

from infra.aws.client_groups import create_client_group
from infra.conventions import PROJECT, ComponentType, physical_name, registered

_ENGINE = "valkey"
CACHE_PORT = 6379


@dataclass(frozen=True, kw_only=True)
class CacheArgs:
    """What the cache is made from.

    Args:
        environment: part of every name.
        tenants: each gets a user that reaches its own keys only.
        vpc_id: the network.
        subnet_ids: isolated ones, in three zones.
        client_ranges: private ranges whose hosts may connect.
        key_arn: KMS key of the cache and its snapshots.
        logs_key_arn: KMS key of the log group.
        engine_version: version of Valkey, e.g. `8.0`.
        node_type: type of each node.
        replicas: nodes beside the primary.
        snapshot_days: days that a daily snapshot is kept.
        log_retention_days: how long the log of slow commands is kept.
        protect: refuse to delete it, and keep a last snapshot of it.
    """

    environment: str
    tenants: Sequence[str]
    vpc_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    client_ranges: Sequence[str]
    key_arn: Input[str]
    logs_key_arn: Input[str]
    engine_version: str
    node_type: str
    replicas: int
    snapshot_days: int
    log_retention_days: int
    protect: bool


@dataclass(frozen=True, kw_only=True)
class CacheOutputs:
    """Where the cache answers, and what `elasticache:Connect` is about: the cache, and a user by tenant."""

    endpoint: Output[str]
    reader_endpoint: Output[str]
    arn: Output[str]
    user_arns: dict[str, Output[str]]


class Cache(pulumi.ComponentResource):
    """An encrypted cache in isolated subnets. There is no password: tokens of IAM live for 15 minutes."""

    def __init__(self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.CACHE, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._name = cache_name(args.environment)
        users = {tenant: self._create_user(tenant) for tenant in args.tenants}
        cache = self._create_cache(list(users.values()))
        self.outputs = CacheOutputs(
            endpoint=cache.primary_endpoint_address,
            reader_endpoint=cache.reader_endpoint_address,
            arn=cache.arn,
            user_arns={tenant: user.arn for tenant, user in users.items()},
        )
        self.register_outputs(registered(self.outputs))

    def _create_user(self, tenant: str) -> User:
        """A user of IAM, whose name is its id. It cannot look at, list or empty what is not its tenant's."""
        name = user_name(self._args.environment, tenant)
        return User(
            name,
            user_id=name,
            user_name=name,
            engine=_ENGINE,
            access_string=f"on ~{tenant}:* resetchannels &{tenant}:* -@all {_COMMANDS}",
            authentication_mode={"type": "iam"},
            tags={"Tenant": tenant},
            opts=self._child,
        )

    def _create_cache(self, users: Sequence[User]) -> ReplicationGroup:
        args = self._args
        # Valkey, unlike Redis, needs no user `default` in the group: without one, nobody is let in unnamed.
        members = UserGroup(
            self._name,
            user_group_id=self._name,
            engine=_ENGINE,
            user_ids=[user.user_id for user in users],
            opts=self._child,
        )
        survives = args.replicas > 0
        return ReplicationGroup(
            self._name,
            replication_group_id=self._name,
            description=f"Cache of {args.environment}: online features, sessions, results",
            engine=_ENGINE,
            engine_version=args.engine_version,
            parameter_group_name=f"default.valkey{args.engine_version.partition('.')[0]}",
            node_type=args.node_type,
            num_cache_clusters=1 + args.replicas,
            automatic_failover_enabled=survives,
            multi_az_enabled=survives,
            port=CACHE_PORT,
            subnet_group_name=self._create_subnet_group().name,
            security_group_ids=[self._create_security_group().id],
            user_group_ids=[members.user_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            kms_key_id=args.key_arn,
            snapshot_retention_limit=args.snapshot_days,
            snapshot_window="02:00-03:00",
            maintenance_window="sun:03:30-sun:04:30",
            final_snapshot_identifier=f"{self._name}-last" if args.protect else None,
            auto_minor_version_upgrade=True,
            log_delivery_configurations=[
                {
                    "destination": self._create_log_group().name,
                    "destination_type": "cloudwatch-logs",
                    "log_format": "json",
                    "log_type": "slow-log",
                }
            ],
            tags={"DataClass": "cache"},
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )

    def _create_log_group(self) -> LogGroup:
        return LogGroup(
            self._name,
            name=cache_log_group(self._args.environment),
            retention_in_days=self._args.log_retention_days,
            kms_key_id=self._args.logs_key_arn,
            opts=self._child,
        )

    def _create_subnet_group(self) -> SubnetGroup:
        return SubnetGroup(
            self._name,
            name=self._name,
            description="Isolated subnets",
            subnet_ids=self._args.subnet_ids,
            opts=self._child,
        )

    def _create_security_group(self) -> SecurityGroup:
        return create_client_group(
            self._name,
            description="Private networks that may reach the cache",
            vpc_id=self._args.vpc_id,
            service="Valkey",
            port=CACHE_PORT,
            client_ranges=self._args.client_ranges,
            opts=self._child,
        )


_COMMANDS = (
    "+@read +@write +@connection +@transaction +@pubsub -@dangerous -@admin -scan -randomkey -dbsize -pubsub"
)
"""Data, and what it takes to talk; nothing about the server or its other clients.

The last four name no key or channel, so that no pattern holds them back: they would tell how many keys other
tenants have, what these are called, and who listens where.
https://github.com/valkey-io/valkey/issues/370

What is left: `CLIENT TRACKING` in its broadcasting mode names keys as they change, whosever they are, and
clients need the rest of `CLIENT`. So the name of a key should tell nothing.
"""


def cache_name(environment: str) -> str:
    """Name of an environment's cache."""
    return physical_name(environment, "cache")


def user_name(environment: str, tenant: str) -> str:
    """Name of a tenant's user of the cache."""
    return f"{environment}-{tenant}"  # at most 40 characters


def cache_log_group(environment: str) -> str:
    """Name of the log group of slow commands."""
    return f"/{PROJECT}/{environment}/cache"
