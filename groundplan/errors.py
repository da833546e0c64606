"""Exit codes and the one exception that people are meant to read."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `groundplan`; the same numbers as the Pulumi CLI since 3.226."""

    OK = 0
    GENERIC = 1
    CONFIG = 2
    AUTH = 3
    DEPLOYMENT = 4
    POLICY = 5
    NO_STACK = 6
    UNEXPECTED_CHANGES = 7
    CANCELLED = 8
    TIMEOUT = 9


class GroundplanError(Exception):
    """A failure with a message for a person: what is wrong, what is allowed, what to type next.

    Args:
        message: one or more sentences; names the file, key and value concerned.
        hint: the next command or action, if there is one.
        exit_code: what the process ends with.
        log: the last lines of a log that explain the failure.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        exit_code: ExitCode = ExitCode.GENERIC,
        log: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        self.log = log

    def __str__(self) -> str:
        parts = [self.message]
        if self.log:
            parts.append(self.log.rstrip())
        if self.hint:
            parts.append(self.hint)
        return "\n".join(parts)
