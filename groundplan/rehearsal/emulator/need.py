"""A permission that a call needs. It stands alone, so that who only reads a record does not load moto."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """A permission that a call needs.

    Args:
        action: as IAM names it.
        resource: ARN.
        through: the service that asks on the caller's behalf; None if the caller does.
    """

    action: str
    resource: str
    through: str | None = None
