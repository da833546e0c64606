"""Mistakes that people make about the second region in a stack file, and what they are told."""

from __future__ import annotations

from typing import Any

from tests.unit.infra.recording import recovery
from tests.unit.infra.settings.mistakes import Change

KEY = "groundplan:platform.recovery"


def _targets(**changes: int) -> Change:
    def change(platform: dict[str, Any]) -> None:
        platform["recovery"] = recovery()
        platform["recovery"]["targets"] |= changes

    return change


CASES: list[tuple[str, Change, tuple[str, object, str, str]]] = [
    (
        "a target that daily backups cannot meet",
        _targets(database_loss_minutes=60),
        (
            f"{KEY}.targets.database_loss_minutes",
            60,
            "between two daily backups up to 1980 minutes are lost, with the windows in which one begins "
            "and ends",
            "at least 1980",
        ),
    ),
    (
        "a target that replication does not promise",
        _targets(lake_loss_minutes=5),
        (
            f"{KEY}.targets.lake_loss_minutes",
            5,
            "S3 promises to have replicated after 15 minutes, and no sooner",
            "at least 15",
        ),
    ),
    (
        "a standby in a zone of the first region",
        lambda platform: platform.update(
            recovery=recovery(availability_zones=["eu-north-1a", "eu-central-1b", "eu-north-1c"])
        ),
        (
            f"{KEY}.availability_zones[1]",
            "eu-central-1b",
            "the zone is not in the second region, eu-north-1",
            "eu-north-1a, eu-north-1b, ...",
        ),
    ),
    (
        "a second region without targets",
        lambda platform: platform.update(
            recovery={name: value for name, value in recovery().items() if name != "targets"}
        ),
        (
            f"{KEY}.targets",
            None,
            "the key is missing",
            "a mapping with the keys recovery_minutes, lake_loss_minutes, database_loss_minutes. "
            "What the loss of the region may cost. A drill measures against it.",
        ),
    ),
    (
        "a name that leaves no room for the standby's",
        lambda platform: platform.update(environment="production", recovery=recovery()),
        (
            "groundplan:platform.environment",
            "production",
            "in the second region it is called production-dr, and no name is longer than 12",
            "up to 9 characters",
        ),
    ),
]
