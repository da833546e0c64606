"""Failures that a person is meant to read: each has a message, what to do next, and an exit code."""

from __future__ import annotations


class ServiceError(Exception):
    """A failure with a message for a person.

    Args:
        message: what is wrong; names the object, variable or value concerned.
        hint: the next action, if there is one.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} {self.hint}"


class SettingsError(ServiceError):
    """An environment variable is missing or holds a value that is not allowed."""

    exit_code = 2


class AccessError(ServiceError):
    """AWS refused this identity."""

    exit_code = 3


class StorageError(ServiceError):
    """The storage could not be reached, or did not answer within the time allowed."""


class ObjectMissing(StorageError):  # noqa: N818 - reads as the fact it states
    """There is no object under this key."""


class WriteConflict(StorageError):  # noqa: N818 - reads as the fact it states
    """Somebody else changed the object since it was read."""


class CorruptArtefact(ServiceError):  # noqa: N818 - reads as the fact it states
    """Stored bytes do not match their recorded checksum, or cannot be parsed."""


class UntrustedArtefact(ServiceError):  # noqa: N818 - reads as the fact it states
    """Nobody whom we trust has signed this."""


class DataError(ServiceError):
    """The data cannot be used: a truncated file, a wrong schema, no good row."""
