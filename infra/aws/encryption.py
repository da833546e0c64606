"""KMS keys: one for each class of data, administered by some roles and used by others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Output

from infra.aws import key_policies
from infra.aws.account import Account
from infra.aws.documents import Statement
from infra.aws.keys import create_class_key
from infra.conventions import ComponentType, registered


@dataclass(frozen=True, kw_only=True)
class EncryptionArgs:
    """What the keys are made from.

    Args:
        environment: part of every name.
        account: where they are created.
        administrators: names of the IAM roles that may manage the keys, but not decrypt with them.
        log_groups: names of the log groups that the `logs` key may encrypt.
        trail: name of the trail that writes with the `audit` key.
        file_systems: whether file systems are filled from the lake, and encrypted with its key.
        elastic_nodes: name of the role that launches nodes with encrypted volumes, if there is one.
        volume_driver: name of the role that makes the volumes of claims.
        protect: refuse to delete keys, and wait as long as KMS allows before a deletion takes effect.
    """

    environment: str
    account: Account
    administrators: Sequence[str]
    log_groups: Sequence[str]
    trail: str
    file_systems: bool
    elastic_nodes: str | None
    volume_driver: str
    protect: bool


@dataclass(frozen=True, kw_only=True)
class EncryptionOutputs:
    """ARN of the key of each class of data."""

    lake: Output[str]
    models: Output[str]
    streaming: Output[str]
    metadata: Output[str]
    cache: Output[str]
    secrets: Output[str]
    registry: Output[str]
    cluster: Output[str]
    volumes: Output[str]
    logs: Output[str]
    audit: Output[str]
    backups: Output[str]
    alerts: Output[str]


class Encryption(pulumi.ComponentResource):
    """The platform's keys. Rotated each year; who may administer one cannot read what it protects."""

    def __init__(self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.ENCRYPTION, name, None, opts)
        self._args = args
        account = args.account
        self.outputs = EncryptionOutputs(
            lake=self._create_key("lake", "data of the lake: raw and curated", self._use_of_the_lake()),
            models=self._create_key(
                "models", "models and training checkpoints", key_policies.used_through("s3", account)
            ),
            streaming=self._create_key(
                "streaming", "volumes of Kafka brokers", key_policies.used_through("kafka", account)
            ),
            metadata=self._create_key(
                "metadata", "the database of metadata", key_policies.used_by_databases(account)
            ),
            cache=self._create_key(
                "cache", "the cache and its snapshots", key_policies.used_through("elasticache", account)
            ),
            secrets=self._create_key(
                "secrets", "passwords and tokens", key_policies.used_through("secretsmanager", account)
            ),
            registry=self._create_key(
                "registry", "container images", key_policies.used_through("ecr", account)
            ),
            cluster=self._create_key(
                "cluster", "secrets of the cluster", key_policies.used_by_cluster_role(account)
            ),
            volumes=self._create_key("volumes", "volumes of nodes and of claims", self._use_of_volumes()),
            logs=self._create_key(
                "logs", "log groups", key_policies.used_by_log_groups(account, args.log_groups)
            ),
            audit=self._create_key(
                "audit",
                "records of calls and settings",
                [
                    *key_policies.used_through("s3", account),
                    *key_policies.used_by_trail(account, args.trail),
                ],
            ),
            backups=self._create_key("backups", "backups", key_policies.used_for_backups(account)),
            alerts=self._create_key("alerts", "alerts on their way", key_policies.used_by_alerts(account)),
        )
        self.register_outputs(registered(self.outputs))

    def _use_of_the_lake(self) -> list[Statement]:
        account = self._args.account
        filled = key_policies.used_by_file_systems(account) if self._args.file_systems else []
        return [*key_policies.used_through("s3", account), *filled]

    def _use_of_volumes(self) -> list[Statement]:
        account, controller = self._args.account, self._args.elastic_nodes
        elastic = key_policies.used_for_elastic_nodes(account, controller) if controller else []
        return [
            *key_policies.used_for_node_volumes(account),
            *key_policies.used_for_claimed_volumes(account, self._args.volume_driver),
            *elastic,
        ]

    def _create_key(self, data_class: str, protects: str, use: Sequence[Statement]) -> Output[str]:
        args = self._args
        return create_class_key(
            data_class,
            environment=args.environment,
            account=args.account,
            administrators=args.administrators,
            protects=protects,
            use=use,
            protect=args.protect,
            opts=pulumi.ResourceOptions(parent=self),
        )
