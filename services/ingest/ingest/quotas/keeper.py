"""What must change so that the brokers have the declared quotas, and no user of ours has another one."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from ingest.quotas.brokers import Brokers, BrokersError, Quotas

_log = logging.getLogger(__name__)
_TRIES = 20
_PAUSE_S = 0.5
"""The broker that answers may hear of a change after the one that took it."""

Changes = dict[str, dict[str, float | None]]
"""User -> name of a quota -> its new value, or None where it goes."""


def changes_needed(declared: Quotas, found: Quotas, prefix: str) -> Changes:
    """The difference.

    Args:
        declared: what is to be.
        found: what the brokers have.
        prefix: users whose name begins otherwise are not ours, and left alone.
    """
    changes: Changes = {}
    for user in sorted({*declared, *(name for name in found if name.startswith(prefix))}):
        wanted, there = declared.get(user, {}), found.get(user, {})
        differing = {
            key: wanted.get(key) for key in sorted({*wanted, *there}) if wanted.get(key) != there.get(key)
        }
        if differing:
            changes[user] = differing
    return changes


def keep(brokers: Brokers, declared: Quotas, prefix: str) -> Changes:
    """Bring the brokers to the declared quotas and look again; returns what was changed.

    Raises:
        BrokersError: they still have other quotas after that.
    """
    made = changes_needed(declared, brokers.quotas(), prefix)
    if not made:
        return made
    for user, values in made.items():
        _log.info("quota of a user changes", extra={"user": user, "values": dict(values)})
    brokers.change(made)
    left = _left(brokers, declared, prefix)
    if left:
        raise BrokersError(f"The brokers took the quotas of {', '.join(left)}, and do not have them.")
    return made


def _left(brokers: Brokers, declared: Quotas, prefix: str) -> Mapping[str, object]:
    left: Mapping[str, object] = {}
    for _ in range(_TRIES):
        left = changes_needed(declared, brokers.quotas(), prefix)
        if not left:
            break
        time.sleep(_PAUSE_S)
    return left
