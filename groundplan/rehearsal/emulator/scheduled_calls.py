"""What a schedule of EventBridge says: when its time comes, and which call of which API it makes then.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from botocore.exceptions import UnknownServiceError
from botocore.model import ListShape, Shape, StructureShape
from moto.core.utils import get_service_model

from groundplan.rehearsal.emulator.shapes import problems

_UNIVERSAL = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:(?P<service>[a-z0-9-]+):(?P<action>[a-z]\w*)")
_READS = (
    "get",
    "describe",
    "list",
    "poll",
    "receive",
    "search",
    "scan",
    "query",
    "select",
    "read",
    "lookup",
    "discover",
    "validate",
    "batchGet",
    "batchDescribe",
    "batchRead",
    "transactGet",
    "adminGet",
    "adminList",
    "testMigration",
    "retrieve",
    "testConnection",
    "translateDocument",
    "isAuthorized",
    "invokeModel",
)
"""How the actions begin that no schedule calls."""
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEK = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...], str], ...] = (
    ("minutes", 0, 59, (), ""),
    ("hours", 0, 23, (), ""),
    ("day of month", 1, 31, (), r"\?|L|LW|\d+W"),
    ("month", 1, 12, _MONTHS, ""),
    ("day of week", 1, 7, _WEEK, r"\?|L|\w+L|\w+#[1-5]"),
    ("year", 1970, 2199, (), ""),
)
"""Of a cron expression: name, least, most, names of its values, and what else it may be."""


class UnusableError(Exception):
    """A schedule that AWS would not take; the message says why."""


@dataclass(frozen=True, kw_only=True)
class ScheduledCall:
    """A call that a schedule makes.

    Args:
        service: the API, as the SDKs name it.
        operation: e.g. `UpdateNodegroupConfig`.
        parameters: as the API names them.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]


def call_of(target: Mapping[str, Any]) -> ScheduledCall | None:
    """The call of a universal target; None for a target of another kind.

    Raises:
        UnusableError: there is no such call, it only reads, or the input is none for it. Members of the input
            begin with capitals, whatever the API itself calls them.
    """
    found = _UNIVERSAL.fullmatch(target["Arn"])
    if found is None:
        return None
    service, action = found["service"], found["action"]
    operation = action[0].upper() + action[1:]
    try:
        model = get_service_model(service)
    except UnknownServiceError:
        model = None
    if model is None or operation not in model.operation_names:
        raise UnusableError(f"{target['Arn']} is not a valid ARN: unknown service or action.")
    if action.startswith(_READS):
        raise UnusableError(f"{target['Arn']}: read-only actions are not supported.")
    try:
        given = json.loads(target.get("Input") or "{}")
    except ValueError:
        raise UnusableError("Input is not well-formed JSON.") from None
    shape = model.operation_model(operation).input_shape
    parameters = _lower(shape, given) if shape else {}
    wrong = list(problems(shape, parameters)) if shape else []
    if wrong:
        raise UnusableError(f"Invalid RequestJson provided. Reason {'; '.join(wrong)}")
    return ScheduledCall(service=service, operation=operation, parameters=parameters)


def _lower(shape: Shape, value: Any) -> Any:
    """The same value with members as the API names them; what has no capital stays unknown."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        names = {name[0].upper() + name[1:]: name for name in shape.members}
        return {
            names.get(name, f"{name} (no such member)"): _lower(shape.members[names[name]], inner)
            if name in names
            else inner
            for name, inner in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_lower(shape.member, inner) for inner in value]
    return value


def check_time(expression: str, time_zone: str | None) -> None:
    """Refuse an expression that is none, and a time zone that is not known.

    Raises:
        UnusableError: says which.
    """
    kind, _, rest = expression.partition("(")
    inner = rest.removesuffix(")")
    known = (
        rest.endswith(")")
        and {
            "cron": lambda: not list(_wrong_fields(inner)),
            "rate": lambda: re.fullmatch(r"[1-9]\d* (minute|hour|day)s?", inner) is not None,
            "at": lambda: _is_moment(inner),
        }.get(kind, lambda: False)()
    )
    if not known:
        raise UnusableError(f"Invalid Schedule Expression {expression}.")
    try:
        ZoneInfo(time_zone or "UTC")
    except (OSError, ValueError, KeyError):
        raise UnusableError(f"Invalid Schedule Expression Timezone {time_zone}.") from None


def _is_moment(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - it has no time zone: the schedule has
    except ValueError:
        return False
    return True


def _wrong_fields(text: str) -> Iterator[str]:
    """Fields of a cron expression that are none. Of the two fields of days, exactly one is a `?`."""
    fields = text.split()
    if len(fields) != len(_FIELDS) or (fields[2] == "?") == (fields[4] == "?"):
        yield text
        return
    for field, (name, least, most, names, also) in zip(fields, _FIELDS, strict=True):
        if not (also and re.fullmatch(also, field)) and not all(
            _is_part(part, least, most, names) for part in field.split(",")
        ):
            yield name


def _is_part(part: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    """`*`, a value, a range, or one of them with a step."""
    span, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and int(step)):
        return False
    ends = [] if span == "*" else span.split("-")
    return len(ends) <= 2 and all(  # noqa: PLR2004 - a range has two ends
        end.upper() in names or (end.isdecimal() and least <= int(end) <= most) for end in ends
    )
