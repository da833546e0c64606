"""The settings of a stack, changed wherever a resource can take the change in place."""

from __future__ import annotations

from typing import Any

import yaml

from groundplan.rehearsal.world import PROJECT_ROOT
from groundplan.settings import load_stack

_RETENTION = {30: 60, 90: 120, 365: 400}
"""Days that CloudWatch knows -> others that it knows."""
_OTHER = {"BASIC": "ENHANCED", "ENHANCED": "BASIC"}


def changed_stack(environment: str) -> dict[str, Any]:
    """A stack file's document: what it says today, but another owner, other numbers, and no protection.

    Without protection, what it makes can be destroyed afterwards.
    """
    stack = load_stack(environment)
    document = yaml.safe_load((PROJECT_ROOT / stack.path).read_text(encoding="utf-8"))
    platform = document["config"]["groundplan:platform"]
    platform |= {"owner": "another-team", "protect_data": False}
    platform["identity"]["mfa_max_age_minutes"] = 45
    platform["identity"]["automation"]["subjects"] += ["repo:groundplan/groundplan:environment:other"]
    platform["network"]["organization_id"] = "o-exampleorg1"
    platform["registry"]["scanning"] = _OTHER[platform["registry"]["scanning"]]
    _raise(platform["lake"], "noncurrent_days", "personal_days", "query_limit_gib")
    _raise(platform["operations"], "monthly_budget_usd", "backup_days")
    _raise(platform["audit"], "keep_days")
    _raise(platform["data_stores"]["database"], "max_capacity")
    if "working_hours" in platform["operations"]:
        platform["operations"]["working_hours"]["end"] = "21:00"
    for section in ("edge", "recovery"):
        if section in platform:
            _raise(platform[section], "requests_per_address", "backup_days")
    if "brokers" in platform["streaming"]:
        _raise(platform["streaming"]["brokers"], "volume_gib")
    _keep_longer(platform)
    return document


def _raise(section: dict[str, Any], *keys: str) -> None:
    for key in section.keys() & set(keys):
        section[key] += 1


def _keep_longer(section: dict[str, Any]) -> None:
    """Keep every log for longer."""
    for key, value in section.items():
        if isinstance(value, dict):
            _keep_longer(value)
        elif key.endswith("log_retention_days"):
            section[key] = _RETENTION[value]
