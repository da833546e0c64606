"""An alias such as `live`: the version it names now, and every change that led there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from groundplan_common.errors import ServiceError


class AliasChange(BaseModel):
    """One change of an alias: who moved it, when, from which version to which."""

    model_config = ConfigDict(frozen=True)

    action: Literal["promote", "rollback"]
    version: int
    previous: int | None
    by: str
    at: datetime


class Alias(BaseModel):
    """An alias with its history, oldest change first."""

    model_config = ConfigDict(frozen=True)

    alias: str
    version: int
    history: tuple[AliasChange, ...]

    def promoted(self, version: int, by: str) -> Alias:
        """Return the alias moved to `version`."""
        return self._changed("promote", version, by)

    def rolled_back(self, by: str) -> Alias:
        """Return the alias moved back to the version served before the last promotion still in force.

        Raises:
            ServiceError: there was no version before.
        """
        stack = _promotions(self.history)
        if len(stack) <= 1:
            raise ServiceError(
                f"Alias {self.alias!r} named no version before {self.version}: nothing to roll back to.",
                hint="Promote a version by its number instead.",
            )
        return self._changed("rollback", stack[-2], by)

    @classmethod
    def first(cls, alias: str, version: int, by: str) -> Alias:
        """Return a new alias."""
        change = AliasChange(action="promote", version=version, previous=None, by=by, at=datetime.now(UTC))
        return cls(alias=alias, version=version, history=(change,))

    def _changed(self, action: Literal["promote", "rollback"], version: int, by: str) -> Alias:
        change = AliasChange(
            action=action, version=version, previous=self.version, by=by, at=datetime.now(UTC)
        )
        return Alias(alias=self.alias, version=version, history=(*self.history, change))


def _promotions(history: tuple[AliasChange, ...]) -> list[int]:
    """Replay the history: a promotion puts a version on the stack, a rollback takes one off."""
    stack: list[int] = []
    for change in history:
        if change.action == "rollback":
            stack.pop()
        elif not stack or stack[-1] != change.version:
            stack.append(change.version)
    return stack
