"""Tests of the operations component: backups, budgets, alarms."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.infra.recording import (
    ACCOUNT_ID,
    Recording,
    Registered,
    dev_config,
    dev_estate,
    dev_settings,
    guarded_estate,
    record,
    run_program,
)

TOPIC = "arn:of:aws:sns/topic:Topic:groundplan-dev-alerts"
ALARMS = dev_estate().of("aws:cloudwatch/metricAlarm:MetricAlarm")


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.name)
def test_alarms_reach_somebody(alarm: Registered) -> None:
    """Going off and coming back are told; silence of a metric is no alarm."""
    inputs = alarm.inputs
    assert inputs["alarmActions"] == inputs["okActions"] == [TOPIC]
    assert inputs["treatMissingData"] == "notBreaching"
    assert inputs["alarmDescription"]


def test_only_alerting_services_of_this_account_publish() -> None:
    """The topic is encrypted, and its policy is held by the account."""
    topic = dev_estate().one("aws:sns/topic:Topic").inputs
    assert topic["kmsMasterKeyId"] == "arn:of:aws:kms/key:Key:groundplan-dev-alerts"
    (statement,) = dev_estate().one("aws:sns/topicPolicy:TopicPolicy").document()
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}}
    assert statement["Action"] == ["sns:Publish"]


def test_whoever_is_named_is_told() -> None:
    """By e-mail or by a request to a URL; a topic without them would tell nobody."""
    operations = dev_config()["groundplan:platform"]["operations"]
    told = operations | {"alert_endpoints": ["a@example.com", "https://alerts.example.com/aws"]}
    estate = record(lambda: run_program(dev_settings(operations=told)))
    found = estate.of("aws:sns/topicSubscription:TopicSubscription")
    assert [(one.inputs["protocol"], one.inputs["endpoint"]) for one in found] == [
        ("email", "a@example.com"),
        ("https", "https://alerts.example.com/aws"),
    ]
    assert {one.inputs["topic"] for one in found} == {TOPIC}


def test_backups_are_locked_and_chosen_by_tag() -> None:
    """The vault is encrypted and locked; the plan keeps what the settings say."""
    settings = dev_settings().platform.operations
    vault = dev_estate().one("aws:backup/vault:Vault")
    assert vault.inputs["kmsKeyArn"] == "arn:of:aws:kms/key:Key:groundplan-dev-backups"
    lock = dev_estate().one("aws:backup/vaultLockConfiguration:VaultLockConfiguration").inputs
    assert lock["minRetentionDays"] == settings.backup_lock_days
    (rule,) = dev_estate().one("aws:backup/plan:Plan").inputs["rules"]
    assert rule["lifecycle"] == {"deleteAfter": settings.backup_days}
    (tag,) = dev_estate().one("aws:backup/selection:Selection").inputs["selectionTags"]
    assert (tag["key"], tag["value"]) == ("Backup", "daily")


def test_failed_backups_and_copies_are_told() -> None:
    """Where backups are copied, a copy that fails is an alarm of its own."""

    def watched(estate: Recording) -> dict[str, str]:
        alarms = [one.inputs for one in estate.of("aws:cloudwatch/metricAlarm:MetricAlarm")]
        ours = [one for one in alarms if one["namespace"] == "AWS/Backup"]
        return {one["metricName"]: one["dimensions"]["BackupVaultName"] for one in ours}

    backups = {"NumberOfBackupJobsFailed": "groundplan-dev-backups"}
    assert watched(dev_estate()) == backups
    assert watched(guarded_estate()) == backups | {"NumberOfCopyJobsFailed": "groundplan-dev-backups"}


def test_budgets_of_environment_and_tenants() -> None:
    """Each is found by its tag, and warns before it is spent."""
    budgets = {budget.name: budget.inputs for budget in dev_estate().of("aws:budgets/budget:Budget")}
    assert {name: one["costFilters"][0]["values"] for name, one in budgets.items()} == {
        "groundplan-dev": ["user:Environment$dev"],
        "groundplan-dev-vision": ["user:Tenant$vision"],
    }
    for budget in budgets.values():
        kinds = {(one["notificationType"], one["threshold"]) for one in budget["notifications"]}
        assert kinds == {("ACTUAL", 80), ("FORECASTED", 100)}
        assert all(one["subscriberSnsTopicArns"] == [TOPIC] for one in budget["notifications"])


def test_unusual_costs_are_found_in_a_member_account() -> None:
    """By service: AWS refuses monitors by tags but in the account that pays."""
    monitor = dev_estate().one("aws:costexplorer/anomalyMonitor:AnomalyMonitor").inputs
    assert (monitor["monitorType"], monitor["monitorDimension"]) == ("DIMENSIONAL", "SERVICE")
    assert "monitorSpecification" not in monitor
    subscription = dev_estate().one("aws:costexplorer/anomalySubscription:AnomalySubscription").inputs
    threshold = subscription["thresholdExpression"]["dimension"]
    assert threshold["values"] == [str(dev_settings().platform.operations.anomaly_usd)]


@pytest.mark.parametrize(
    "changes", [{"operations": {"anomaly_usd": None}}, {"audit": {"account_services": False}}]
)
def test_another_environment_of_the_account_may_have_the_monitor(changes: dict[str, Any]) -> None:
    """AWS allows one per account."""
    platform = dev_config()["groundplan:platform"]
    changed = {section: platform[section] | change for section, change in changes.items()}
    estate = record(lambda: run_program(dev_settings(**changed)))
    assert not [one for one in estate.resources if one.type.startswith("aws:costexplorer/")]


def test_backups_and_metrics_are_guarded_where_data_is_protected() -> None:
    """Pulumi deletes neither."""
    for type_ in ("aws:backup/vault:Vault", "aws:amp/workspace:Workspace"):
        assert all(one.protect for one in guarded_estate().of(type_))
        assert not dev_estate().one(type_).protect
    assert not any(one.inputs["forceDestroy"] for one in guarded_estate().of("aws:backup/vault:Vault"))
