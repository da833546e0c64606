"""What keeps an environment running: backups, budgets, alarms, and where metrics are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.amp.workspace import Workspace
from pulumi_aws.cloudwatch.log_group import LogGroup

from infra.aws.account import Account
from infra.aws.alerts import BACKUP_ALARM, CLUSTER_ALARMS, COPY_ALARM, create_alarm, create_topic, subscribe
from infra.aws.backups import Copies, back_up
from infra.aws.costs import create_budget, create_tenant_budgets, watch_costs
from infra.conventions import PROJECT, ComponentType, physical_name, registered


@dataclass(frozen=True, kw_only=True)
class OperationsArgs:
    """What is backed up, spent and told.

    Args:
        environment: part of every name, and the tag that costs are found by.
        account: where it is created.
        backups_key_arn: KMS key of backups.
        alerts_key_arn: KMS key of alerts.
        logs_key_arn: KMS key of log groups.
        log_retention_days: how long the logs of the metrics' store are kept.
        cluster_name: the cluster that alarms watch.
        backup_days: days that a daily backup is kept.
        backup_lock_days: days during which a backup cannot be deleted.
        backup_copies: where each backup is copied to, if it is.
        monthly_budget_usd: budget of the environment in US dollars.
        tenant_budgets_usd: budgets in US dollars by tenant.
        anomaly_usd: least unusual cost of the account that is told, in US dollars; None if none is.
        alert_endpoints: e-mail addresses and https URLs that are told.
        protect: refuse to delete backups and metrics.
    """

    environment: str
    account: Account
    backups_key_arn: Input[str]
    alerts_key_arn: Input[str]
    logs_key_arn: Input[str]
    log_retention_days: int
    cluster_name: Input[str]
    backup_days: int
    backup_lock_days: int
    backup_copies: Copies | None
    monthly_budget_usd: int
    tenant_budgets_usd: Mapping[str, int]
    anomaly_usd: int | None
    alert_endpoints: Sequence[str]
    protect: bool


@dataclass(frozen=True, kw_only=True)
class OperationsOutputs:
    """Where alerts, backups and metrics go."""

    alerts_topic_arn: Output[str]
    backup_vault: Output[str]
    metrics_endpoint: Output[str]
    metrics_workspace_arn: Output[str]


class Operations(pulumi.ComponentResource):
    """Backups that cannot be deleted at once, costs that are watched, alarms that reach somebody."""

    def __init__(self, name: str, args: OperationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.OPERATIONS, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        alerts = physical_name(args.environment, "alerts")
        topic, policy = create_topic(
            alerts, account=args.account, key_arn=args.alerts_key_arn, opts=self._child
        )
        subscribe(alerts, args.alert_endpoints, topic_arn=topic.arn, opts=self._child)
        vault = back_up(
            physical_name(args.environment, "backups"),
            account=args.account,
            key_arn=args.backups_key_arn,
            backup_days=args.backup_days,
            lock_days=args.backup_lock_days,
            copies=args.backup_copies,
            protect=args.protect,
            opts=self._child,
        )
        # Budgets and anomaly subscriptions are refused while the topic does not let them publish.
        self._watch(topic.arn, vault.name, pulumi.ResourceOptions(parent=self, depends_on=[policy]))
        workspace = self._create_workspace()
        self.outputs = OperationsOutputs(
            alerts_topic_arn=topic.arn,
            backup_vault=vault.name,
            metrics_endpoint=workspace.prometheus_endpoint,
            metrics_workspace_arn=workspace.arn,
        )
        self.register_outputs(registered(self.outputs))

    def _watch(self, topic_arn: Output[str], vault: Output[str], opts: pulumi.ResourceOptions) -> None:
        args = self._args
        name = physical_name(args.environment)
        for spec in CLUSTER_ALARMS:
            dimensions = {"ClusterName": args.cluster_name}
            create_alarm(name, spec, dimensions=dimensions, topic_arn=topic_arn, opts=opts)
        for spec in (BACKUP_ALARM, COPY_ALARM) if args.backup_copies else (BACKUP_ALARM,):
            dimensions = {"BackupVaultName": vault}
            create_alarm(name, spec, dimensions=dimensions, topic_arn=topic_arn, opts=opts)
        create_budget(
            name,
            limit_usd=args.monthly_budget_usd,
            tag=("Environment", args.environment),
            topic_arn=topic_arn,
            opts=opts,
        )
        create_tenant_budgets(name, args.tenant_budgets_usd, topic_arn=topic_arn, opts=opts)
        if args.anomaly_usd:
            watch_costs(name, anomaly_usd=args.anomaly_usd, topic_arn=topic_arn, opts=opts)

    def _create_workspace(self) -> Workspace:
        """Metrics of the cluster, kept by managed Prometheus; what it refuses is logged."""
        args = self._args
        name = physical_name(args.environment)
        group = LogGroup(
            f"{name}-metrics",
            name=metrics_log_group(args.environment),
            retention_in_days=args.log_retention_days,
            kms_key_id=args.logs_key_arn,
            opts=self._child,
        )
        return Workspace(
            name,
            alias=name,
            logging_configuration={"log_group_arn": pulumi.Output.concat(group.arn, ":*")},
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )


def metrics_log_group(environment: str) -> str:
    """Name of the log group of the metrics' store; the policy of the logs key names it, too."""
    return f"/aws/vendedlogs/{PROJECT}/{environment}/metrics"
