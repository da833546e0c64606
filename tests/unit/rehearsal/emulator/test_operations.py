"""Backup, Budgets and cost anomalies as we added them to moto: behaviour, and the shape of each answer."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:alerts"


def test_selections_of_a_backup_plan(aws: Emulated) -> None:
    """Created, read, listed and deleted; a vault is empty and keeps its tags."""
    client = checked_client(aws, "backup")
    vault = client.create_backup_vault(BackupVaultName="one", BackupVaultTags={"a": "b"})
    assert client.list_tags(ResourceArn=vault["BackupVaultArn"])["Tags"] == {"a": "b"}
    assert client.list_recovery_points_by_backup_vault(BackupVaultName="one")["RecoveryPoints"] == []
    rule = {"RuleName": "daily", "TargetBackupVaultName": "one"}
    plan = client.create_backup_plan(BackupPlan={"BackupPlanName": "one", "Rules": [rule]})["BackupPlanId"]
    wanted = {"SelectionName": "tagged", "IamRoleArn": aws.role("backup")}
    made = client.create_backup_selection(BackupPlanId=plan, BackupSelection=wanted)["SelectionId"]
    found = client.get_backup_selection(BackupPlanId=plan, SelectionId=made)
    assert found["BackupSelection"] == wanted
    assert len(client.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]) == 1
    client.delete_backup_selection(BackupPlanId=plan, SelectionId=made)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_backup_selection(BackupPlanId=plan, SelectionId=made)
    assert left(aws, "backup") == ["BackupPlans/one", "BackupVaults/one"]
    client.delete_backup_plan(BackupPlanId=plan)
    client.delete_backup_vault(BackupVaultName="one")
    assert left(aws, "backup") == []


@pytest.mark.parametrize(
    ("protocol", "endpoint"), [("email", "a@example.com"), ("https", "https://alerts.example.com/aws")]
)
def test_somebody_is_told_what_a_topic_is_told(aws: Emulated, protocol: str, endpoint: str) -> None:
    """As the provider asks: subscribe, read, end it. What is left is seen, also without its topic."""
    client = checked_client(aws, "sns")
    topic = client.create_topic(Name=f"told-by-{protocol}")["TopicArn"]
    made = client.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint, ReturnSubscriptionArn=True)[
        "SubscriptionArn"
    ]
    found = client.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    assert (found["TopicArn"], found["Protocol"], found["Endpoint"]) == (topic, protocol, endpoint)
    assert (found["PendingConfirmation"], found["RawMessageDelivery"]) == ("false", "false")
    assert f"Subscriptions/{made}" in left(aws, "sns")
    client.unsubscribe(SubscriptionArn=made)
    client.delete_topic(TopicArn=topic)
    assert left(aws, "sns") == []


def test_a_backup_plan_is_changed_in_place(aws: Emulated) -> None:
    """It stays the same plan, in another version, with its selections."""
    client = checked_client(aws, "backup")
    client.create_backup_vault(BackupVaultName="two")
    rule = {"RuleName": "weekly", "TargetBackupVaultName": "two"}
    old = client.create_backup_plan(BackupPlan={"BackupPlanName": "two", "Rules": [rule]})
    plan = old["BackupPlanId"]
    selection = {"SelectionName": "tagged", "IamRoleArn": aws.role("backup-two")}
    client.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
    rules = [rule | {"ScheduleExpression": "cron(0 3 * * ? *)"}]
    new = client.update_backup_plan(BackupPlanId=plan, BackupPlan={"BackupPlanName": "two", "Rules": rules})
    assert (new["BackupPlanId"], new["BackupPlanArn"]) == (plan, old["BackupPlanArn"])
    assert new["VersionId"] != old["VersionId"]
    (found,) = client.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"]
    assert found["ScheduleExpression"] == "cron(0 3 * * ? *)"
    (kept,) = client.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.update_backup_plan(BackupPlanId="none", BackupPlan={"BackupPlanName": "two", "Rules": rules})
    client.delete_backup_selection(BackupPlanId=plan, SelectionId=kept["SelectionId"])
    client.delete_backup_plan(BackupPlanId=plan)
    client.delete_backup_vault(BackupVaultName="two")


def test_a_budget_is_changed_in_place(aws: Emulated) -> None:
    """Another limit; who is told stays."""
    client = checked_client(aws, "budgets")
    named = {"AccountId": ACCOUNT_ID, "BudgetName": "two"}
    budget = {"BudgetName": "two", "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    told = [{"SubscriptionType": "SNS", "Address": TOPIC}]
    client.create_budget(
        AccountId=ACCOUNT_ID,
        Budget=budget | {"BudgetLimit": {"Amount": "10", "Unit": "USD"}},
        NotificationsWithSubscribers=[{"Notification": notification, "Subscribers": told}],
    )
    changed = budget | {"BudgetLimit": {"Amount": "20", "Unit": "USD"}}
    client.update_budget(AccountId=ACCOUNT_ID, NewBudget=changed)
    assert client.describe_budget(**named)["Budget"]["BudgetLimit"]["Amount"] == "20"
    assert len(client.describe_notifications_for_budget(**named)["Notifications"]) == 1
    client.delete_budget(**named)
    with pytest.raises(ClientError, match="NotFoundException"):
        client.update_budget(AccountId=ACCOUNT_ID, NewBudget=changed)


def test_subscribers_and_tags_of_a_budget(aws: Emulated) -> None:
    """Both come back as given."""
    client = checked_client(aws, "budgets")
    notification = {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": 80.0,
        "ThresholdType": "PERCENTAGE",
    }
    subscribers = [{"SubscriptionType": "SNS", "Address": TOPIC}]
    limit = {"Amount": "10", "Unit": "USD"}
    named = {"AccountId": ACCOUNT_ID, "BudgetName": "one"}
    client.create_budget(
        AccountId=ACCOUNT_ID,
        Budget={"BudgetName": "one", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit},
        NotificationsWithSubscribers=[{"Notification": notification, "Subscribers": subscribers}],
        ResourceTags=[{"Key": "a", "Value": "b"}],
    )
    told = client.describe_subscribers_for_notification(**named, Notification=notification)
    assert told["Subscribers"] == subscribers
    arn = f"arn:aws:budgets::{ACCOUNT_ID}:budget/one"
    client.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "c", "Value": "d"}])
    client.untag_resource(ResourceARN=arn, ResourceTagKeys=["a"])
    assert client.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "c", "Value": "d"}]
    assert left(aws, "budgets") == ["Budgets/one"]
    client.delete_budget(**named)
    assert left(aws, "budgets") == []


def test_cost_anomalies(aws: Emulated) -> None:
    """Monitor and subscription: created, read and deleted; unknown ones are errors."""
    client = checked_client(aws, "ce")
    monitor = client.create_anomaly_monitor(
        AnomalyMonitor={"MonitorName": "one", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    )["MonitorArn"]
    subscription = client.create_anomaly_subscription(
        AnomalySubscription={
            "SubscriptionName": "one",
            "MonitorArnList": [monitor],
            "Subscribers": [{"Type": "SNS", "Address": TOPIC}],
            "Frequency": "IMMEDIATE",
        }
    )["SubscriptionArn"]
    assert len(client.get_anomaly_monitors(MonitorArnList=[monitor])["AnomalyMonitors"]) == 1
    with pytest.raises(ClientError, match="Limit exceeded on dimensional spend monitor creation"):
        client.create_anomaly_monitor(
            AnomalyMonitor={
                "MonitorName": "two",
                "MonitorType": "DIMENSIONAL",
                "MonitorDimension": "SERVICE",
            }
        )
    [found] = client.get_anomaly_subscriptions(SubscriptionArnList=[subscription])["AnomalySubscriptions"]
    assert found["AccountId"] == ACCOUNT_ID
    assert len(left(aws, "ce")) == 2
    client.delete_anomaly_subscription(SubscriptionArn=subscription)
    client.delete_anomaly_monitor(MonitorArn=monitor)
    with pytest.raises(ClientError, match="UnknownMonitorException"):
        client.get_anomaly_monitors(MonitorArnList=[monitor])
    with pytest.raises(ClientError, match="UnknownSubscriptionException"):
        client.get_anomaly_subscriptions(SubscriptionArnList=[subscription])
    assert left(aws, "ce") == []
