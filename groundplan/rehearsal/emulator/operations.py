"""AWS Backup, Budgets and cost anomalies, as far as moto 5.2.5 lacks them."""

from __future__ import annotations

import json
import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from moto.backup.exceptions import ResourceNotFoundException
from moto.backup.models import Plan
from moto.backup.responses import BackupResponse
from moto.budgets.responses import BudgetsResponse
from moto.ce.responses import CostExplorerResponse
from moto.core.exceptions import JsonRESTError

from groundplan.rehearsal.emulator.patching import add, kept_in, wrap


def install() -> None:
    """Apply all; a second call changes nothing."""
    add(
        BackupResponse,
        update_backup_plan=update_backup_plan,
        create_backup_selection=create_backup_selection,
        get_backup_selection=get_backup_selection,
        list_backup_selections=list_backup_selections,
        delete_backup_selection=delete_backup_selection,
    )
    wrap(BackupResponse, "list_tags", _list_backup_tags)
    wrap(BudgetsResponse, "create_budget", _keep_budget_tags)
    add(
        BudgetsResponse,
        update_budget=update_budget,
        describe_subscribers_for_notification=describe_subscribers_for_notification,
        list_tags_for_resource=list_budget_tags,
        tag_resource=tag_budget,
        untag_resource=untag_budget,
    )
    add(
        CostExplorerResponse,
        create_anomaly_monitor=create_anomaly_monitor,
        get_anomaly_monitors=get_anomaly_monitors,
        delete_anomaly_monitor=delete_anomaly_monitor,
        create_anomaly_subscription=create_anomaly_subscription,
        get_anomaly_subscriptions=get_anomaly_subscriptions,
        delete_anomaly_subscription=delete_anomaly_subscription,
    )


# --- Backup ----------------------------------------------------------------------------------------
def update_backup_plan(response: Any) -> str:
    """Backup: other rules, as a new version of the plan."""
    backend, identifier = response.backup_backend, response.path.rstrip("/").rpartition("/")[2]
    plan = backend.get_backup_plan(identifier, None)  # fails where there is none
    made = Plan(json.loads(response.body)["BackupPlan"], plan.creator_request_id, backend)
    for name in ("backup_plan", "version_id", "advanced_backup_settings"):
        setattr(plan, name, getattr(made, name))
    return json.dumps(plan.to_dict())


def _selections(response: Any) -> dict[str, dict[str, Any]]:
    """Selections of the plan in the path, by id."""
    backend, plan = response.backup_backend, response.path.split("/plans/")[1].split("/")[0]
    backend.get_backup_plan(plan, None)  # fails where there is none
    return kept_in(backend, "selections").setdefault(plan, {})


def _selection(response: Any) -> dict[str, Any]:
    found = _selections(response).get(response.path.rstrip("/").rpartition("/")[2])
    if found is None:
        raise ResourceNotFoundException("Cannot find backup selection")
    return found


def _list_backup_tags(_original: Any, response: Any) -> str:
    """Backup: the path may end without a slash, as the AWS provider sends it."""
    arn = unquote(re.sub(r"^.*/tags/", "", response.path).rstrip("/"))
    return json.dumps({"Tags": response.backup_backend.list_tags(arn)})


def create_backup_selection(response: Any) -> str:
    """Backup: put resources into a plan."""
    selections, asked = _selections(response), json.loads(response.body)["BackupSelection"]
    made = {
        "SelectionId": str(uuid.uuid4()),
        "BackupPlanId": response.path.split("/plans/")[1].split("/")[0],
        "CreationDate": time.time(),
        "BackupSelection": asked,
    }
    selections[made["SelectionId"]] = made
    return json.dumps({name: made[name] for name in ("SelectionId", "BackupPlanId", "CreationDate")})


def get_backup_selection(response: Any) -> str:
    """Backup: one selection."""
    return json.dumps(_selection(response))


def list_backup_selections(response: Any) -> str:
    """Backup: the selections of a plan."""
    told = [
        {name: one[name] for name in ("SelectionId", "BackupPlanId", "CreationDate")}
        | {name: one["BackupSelection"][name] for name in ("SelectionName", "IamRoleArn")}
        for one in _selections(response).values()
    ]
    return json.dumps({"BackupSelectionsList": told})


def delete_backup_selection(response: Any) -> str:
    """Backup: take resources out of a plan."""
    del _selections(response)[_selection(response)["SelectionId"]]
    return ""


# --- Budgets ---------------------------------------------------------------------------------------
def update_budget(response: Any) -> str:
    """Budgets: other limits, filters or periods; who is told stays."""
    asked = json.loads(response.body)
    account, wanted = asked["AccountId"], asked["NewBudget"]
    response.backend.describe_budget(account, wanted["BudgetName"])  # fails where there is none
    kept = response.backend.budgets[account][wanted["BudgetName"]]
    kept.budget = type(kept)(wanted, []).budget
    return "{}"


def describe_subscribers_for_notification(response: Any) -> str:
    """Budgets: who is told."""
    asked = json.loads(response.body)
    budget = response.backend.budgets[asked["AccountId"]][asked["BudgetName"]]
    wanted = asked["Notification"]
    for notification in budget.notifications:
        if all(notification.details.get(name) == value for name, value in wanted.items()):
            return json.dumps({"Subscribers": notification.subscribers})
    raise JsonRESTError("NotFoundException", "the notification doesn't exist")


def _keep_budget_tags(original: Any, response: Any) -> Any:
    """Budgets: the tags that a budget is created with."""
    answer = original(response)
    asked = json.loads(response.body)
    arn = f"arn:aws:budgets::{asked['AccountId']}:budget/{asked['Budget']['BudgetName']}"
    tags = {tag["Key"]: tag["Value"] for tag in asked.get("ResourceTags") or []}
    kept_in(response.backend, "tags")[arn] = tags
    return answer


def _budget_tags(response: Any) -> dict[str, str]:
    arn = json.loads(response.body)["ResourceARN"]
    return kept_in(response.backend, "tags").setdefault(arn, {})


def list_budget_tags(response: Any) -> str:
    """Budgets: tags."""
    tags = [{"Key": key, "Value": value} for key, value in _budget_tags(response).items()]
    return json.dumps({"ResourceTags": tags})


def tag_budget(response: Any) -> str:
    """Budgets: add or replace tags."""
    asked = json.loads(response.body)["ResourceTags"]
    _budget_tags(response).update({tag["Key"]: tag["Value"] for tag in asked})
    return "{}"


def untag_budget(response: Any) -> str:
    """Budgets: remove tags."""
    for key in json.loads(response.body)["ResourceTagKeys"]:
        _budget_tags(response).pop(key, None)
    return "{}"


# --- Cost anomalies --------------------------------------------------------------------------------
def _create(response: Any, kind: str, arn_key: str, asked: dict[str, Any]) -> str:
    backend, body = response.ce_backend, json.loads(response.body)
    arn = f"arn:aws:ce::{backend.account_id}:{kind}/{uuid.uuid4()}"
    kept_in(backend, kind)[arn] = {arn_key: arn, **asked}
    backend.tag_resource(arn, body.get("ResourceTags") or [])
    return json.dumps({arn_key: arn})


def _get(response: Any, kind: str, asked_key: str, answer_key: str) -> str:
    kept, wanted = kept_in(response.ce_backend, kind), json.loads(response.body or "{}").get(asked_key)
    missing = [arn for arn in wanted or [] if arn not in kept]
    if missing:
        code = "UnknownMonitorException" if kind == "anomalymonitor" else "UnknownSubscriptionException"
        raise JsonRESTError(code, f"{missing[0]} does not exist")
    return json.dumps({answer_key: [kept[arn] for arn in wanted or kept]})


def create_anomaly_monitor(response: Any) -> str:
    """Cost Explorer: watch costs."""
    asked = json.loads(response.body)["AnomalyMonitor"]
    dimension = asked.get("MonitorDimension")
    monitors = kept_in(response.ce_backend, "anomalymonitor").values()
    if dimension and any(each.get("MonitorDimension") == dimension for each in monitors):
        # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2515
        raise JsonRESTError("ValidationException", "Limit exceeded on dimensional spend monitor creation")
    today = datetime.now(UTC).date().isoformat()
    dates = {"CreationDate": today, "LastUpdatedDate": today}
    return _create(response, "anomalymonitor", "MonitorArn", asked | dates)


def get_anomaly_monitors(response: Any) -> str:
    """Cost Explorer: monitors, all or those named."""
    return _get(response, "anomalymonitor", "MonitorArnList", "AnomalyMonitors")


def delete_anomaly_monitor(response: Any) -> str:
    """Cost Explorer: end watching."""
    kept_in(response.ce_backend, "anomalymonitor").pop(json.loads(response.body)["MonitorArn"], None)
    return "{}"


def create_anomaly_subscription(response: Any) -> str:
    """Cost Explorer: tell somebody."""
    asked = json.loads(response.body)["AnomalySubscription"]
    asked["Subscribers"] = [{"Status": "CONFIRMED", **one} for one in asked["Subscribers"]]
    account = {"AccountId": response.ce_backend.account_id}
    return _create(response, "anomalysubscription", "SubscriptionArn", account | asked)


def get_anomaly_subscriptions(response: Any) -> str:
    """Cost Explorer: subscriptions, all or those named."""
    return _get(response, "anomalysubscription", "SubscriptionArnList", "AnomalySubscriptions")


def delete_anomaly_subscription(response: Any) -> str:
    """Cost Explorer: tell nobody any more."""
    kept_in(response.ce_backend, "anomalysubscription").pop(
        json.loads(response.body)["SubscriptionArn"], None
    )
    return "{}"
