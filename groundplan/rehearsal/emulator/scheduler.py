"""EventBridge Scheduler, where moto 5.2.5 takes what AWS refuses or trips over what is not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from moto.core.exceptions import JsonRESTError
from moto.core.utils import get_service_model
from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule
from moto.scheduler.responses import EventBridgeSchedulerResponse

from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.patching import wrap
from groundplan.rehearsal.emulator.policy_statements import Caller
from groundplan.rehearsal.emulator.request_context import RequestContext, unasked_keys
from groundplan.rehearsal.emulator.scheduled_calls import UnusableError, call_of, check_time
from groundplan.rehearsal.emulator.shapes import problems
from groundplan.rehearsal.emulator.trust import trusted

SERVICE = "scheduler.amazonaws.com"
_DEFAULT = "default"
_SUMMARY = {"Arn", "CreationDate", "GroupName", "LastModificationDate", "Name", "State", "Target"}


class SchedulerError(JsonRESTError):
    """An error with the member that the service's model has."""

    def __init__(self, error: str, message: str, code: int = 400) -> None:
        super().__init__(error, message)
        self.code = code
        self.description = json.dumps({"__type": error, "Message": message, "message": message})


def install() -> None:
    """Apply all; a second call changes nothing."""
    backend, response = EventBridgeSchedulerBackend, EventBridgeSchedulerResponse
    wrap(response, "create_schedule", _check_schedule, only_refuses=True)
    wrap(response, "update_schedule", _check_schedule, only_refuses=True)
    wrap(response, "create_schedule_group", _check_group, only_refuses=True)
    wrap(response, "list_tags_for_resource", _check_tagged, only_refuses=True)
    wrap(response, "tag_resource", _check_tagged, only_refuses=True)
    wrap(response, "untag_resource", _check_tagged, only_refuses=True)
    wrap(backend, "create_schedule", _new_name, only_refuses=True)
    wrap(backend, "create_schedule_group", _new_group, only_refuses=True)
    wrap(backend, "delete_schedule_group", _delete_group, only_refuses=True)
    wrap(backend, "update_schedule", _keep_defaults)
    wrap(Schedule, "to_dict", _tell_what_follows)


# --- what a request says ------------------------------------------------------------------------------
def _check_schedule(original: Callable[..., Any], response: Any) -> str:
    """Schedules: all members in their bounds, a time, a call, and a role that Scheduler may take."""
    asked = json.loads(response.body)
    _check_shape(response, "CreateSchedule", asked)
    try:
        check_time(asked["ScheduleExpression"], asked.get("ScheduleExpressionTimezone"))
        call_of(asked["Target"])
    except UnusableError as unusable:
        raise SchedulerError("ValidationException", str(unusable)) from unusable
    group = response.scheduler_backend.get_schedule_group(asked.get("GroupName"))
    _check_role(asked["Target"]["RoleArn"], group.arn, Account(response.current_account, response.region))
    return original(response)


def _check_group(original: Callable[..., Any], response: Any) -> str:
    _check_shape(response, "CreateScheduleGroup", json.loads(response.body or "{}"))
    return original(response)


def _check_shape(response: Any, operation: str, asked: dict[str, Any]) -> None:
    shape = get_service_model("scheduler").operation_model(operation).input_shape
    name = unquote(response.path.rpartition("/")[2])
    wrong = list(problems(shape, asked | {"Name": name})) if shape else []
    if wrong:
        raise SchedulerError("ValidationException", f"Invalid request: {'; '.join(wrong)}")


def _check_role(arn: str, group_arn: str, account: Account) -> None:
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html."""
    role = account.role(arn)
    source = {"aws:sourceaccount": account.account_id, "aws:sourcearn": group_arn}
    context = RequestContext(unasked_keys() | source)
    if role is None or not trusted(role, ("sts:AssumeRole",), Caller(service=SERVICE), context):
        # The AWS provider knows these words, and asks again for two minutes.
        raise SchedulerError(
            "ValidationException",
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        )


def _check_tagged(original: Callable[..., Any], response: Any) -> str:
    """Tags: groups have them, schedules have none."""
    arn = unquote(response.path.partition("/tags/")[2])
    if arn not in {group.arn for group in response.scheduler_backend.schedule_groups.values()}:
        raise SchedulerError("ResourceNotFoundException", f"Resource {arn} does not exist.", 404)
    return original(response)


# --- what is there already, or is not -----------------------------------------------------------------
def _new_name(original: Callable[..., Any], backend: Any, **asked: Any) -> Any:
    if asked["name"] in backend.get_schedule_group(asked["group_name"]).schedules:
        raise SchedulerError("ConflictException", f"Schedule {asked['name']} already exists.", 409)
    return original(backend, **asked)


def _new_group(original: Callable[..., Any], backend: Any, name: str, tags: Any) -> Any:
    if name in backend.schedule_groups:
        raise SchedulerError("ConflictException", f"Schedule group {name} already exists.", 409)
    return original(backend, name=name, tags=tags or [])


def _delete_group(original: Callable[..., Any], backend: Any, name: str | None) -> None:
    """Groups: what is not there cannot go, nor can the default one; schedules go with theirs."""
    group = backend.get_schedule_group(name)
    if group.name == _DEFAULT:
        raise SchedulerError("ValidationException", "Cannot delete the default schedule group.")
    backend.tagger.delete_all_tags_for_resource(group.arn)
    original(backend, name)


# --- what is told -------------------------------------------------------------------------------------
def _keep_defaults(original: Callable[..., Any], backend: Any, **asked: Any) -> Any:
    """Schedules: an update without a state enables."""
    return original(backend, **(asked | {"state": asked["state"] or "ENABLED"}))


def _tell_what_follows(
    original: Callable[..., Any], schedule: Any, *args: Any, **kwargs: Any
) -> dict[str, Any]:
    """Schedules: after the last time nothing happens, unless it was said; what is not there is left out."""
    told = original(schedule, *args, **kwargs)
    told["ActionAfterCompletion"] = told["ActionAfterCompletion"] or "NONE"
    short = args or kwargs.get("short")
    return {
        name: value for name, value in told.items() if value is not None and (not short or name in _SUMMARY)
    }
