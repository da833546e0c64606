"""Typed reading of a resource's properties. What cannot be read says why, instead of passing for an answer.

Three things can be in the way of an answer, and each has a type of its own: a value that is known only after
the update (`Unknown`), a value of another type than the provider documents (`WrongType`), and none at all,
which is a question for the rule (each reader takes what holds in its absence).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeVar

from policies.core.documents import Statement, statements_of

T = TypeVar("T")


class _Unknown:
    """The only instance stands for a value that the engine does not know yet."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: dict[int, Any]) -> _Unknown:
        return self


UNKNOWN: Final = _Unknown()
"""In the place of a value that is known only after the update."""


@dataclass(frozen=True)
class Secret:
    """A value that the program marked as secret. It can be judged, and is never shown."""

    value: Any = field(repr=False)


class UnreadableError(Exception):
    """A property that a rule needs cannot be read.

    Args:
        path: where it is, from the resource's properties on.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class UnknownError(UnreadableError):
    """It is known only after the update."""

    def __init__(self, path: str) -> None:
        super().__init__(path, f"{path} is known only after the update")


class WrongTypeError(UnreadableError):
    """It is of another type than documented."""

    def __init__(self, path: str, wanted: str, value: Any) -> None:
        super().__init__(path, f"{path} should be {wanted} and is {_kind(value)}")


def _kind(value: Any) -> str:
    kinds = {bool: "a boolean", str: "a text", int: "a number", float: "a number", type(None): "null"}
    if isinstance(value, Mapping):
        return "an object"
    return kinds.get(type(value), "a list" if isinstance(value, Sequence) else f"a {type(value).__name__}")


class View:
    """Reads one object among a resource's properties by dotted paths, e.g. `vpcConfig.endpointPublicAccess`.

    A number in a path is an index into a list: `rules.0.bucketKeyEnabled`. A key that holds a dot, as
    those of labels and quotas do, is read by `value_of`.

    Args:
        value: the object.
        path: where it is, from the resource's properties on; empty for the properties themselves.
        reads: takes the path of everything that is read, for the tests that break each of them once.
    """

    def __init__(self, value: Any, path: str = "", reads: set[str] | None = None) -> None:
        self._value = value
        self._path = path
        self._reads = reads if reads is not None else set()

    @property
    def path(self) -> str:
        """Where this object is."""
        return self._path

    @property
    def raw(self) -> Any:
        """The object itself, with its marks of unknowns and secrets."""
        return self._value

    @property
    def reads(self) -> set[str]:
        """Paths of all that was read through this view and those made from it."""
        return self._reads

    def __contains__(self, path: str) -> bool:
        return self._find(path) is not None

    def where(self, path: str) -> str:
        """The path from the resource's properties on."""
        return f"{self._path}.{path}" if self._path and path else self._path or path

    def text(self, path: str, default: str = "") -> str:
        """A text; `default` where there is none."""
        return self._read(path, str, "a text", default)

    def named(self, path: str) -> bool:
        """Whether a text stands there, known already or only after the update: a reference will do."""
        try:
            return bool(self.text(path))
        except UnknownError as error:
            if error.path != self.where(path):
                raise
            return True

    def flag(self, path: str, *, default: bool = False) -> bool:
        """A boolean; `default` where there is none. Helm and Kubernetes may hold it as text."""
        value = self._find(path)
        if isinstance(value, str) and value in {"true", "false"}:
            return value == "true"
        return self._read(path, bool, "true or false", default)

    def number(self, path: str, default: float = 0) -> float:
        """A number; `default` where there is none."""
        value = self._find(path)
        if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
            return float(value)
        if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
            raise WrongTypeError(self.where(path), "a finite number", value)
        return self._read(path, (int, float), "a number", default)

    def object(self, path: str) -> View:
        """A view of an object; of an empty one where there is none."""
        return self._view(self._read(path, Mapping, "an object", {}), path)

    def objects(self, path: str) -> list[View]:
        """A view of each object in a list. A single object counts as a list of one."""
        value = self._find(path)
        if isinstance(value, Mapping):
            return [self._view(value, path)]
        found = []
        for index, item in enumerate(self._read(path, (list, tuple), "a list of objects", [])):
            step = f"{path}.{index}"
            found.append(self._view(self._typed(item, Mapping, "an object", step), step))
        return found

    def texts(self, path: str) -> list[str]:
        """The texts in a list; a single text counts as a list of one."""
        value = self._find(path)
        if isinstance(value, str):
            return [value]
        items = self._read(path, (list, tuple), "a list of texts", [])
        return [self._typed(item, str, "a text", f"{path}.{index}") for index, item in enumerate(items)]

    def keys(self, path: str = "") -> list[str]:
        """The keys of an object."""
        return list(self._read(path, Mapping, "an object", {})) if path else list(self._value)

    def value_of(self, key: str) -> Any:
        """The value under one key, which may hold dots; None if there is none. An unknown is refused."""
        self._reads.add(self.where(key))
        value = self._value.get(key) if isinstance(self._value, Mapping) else None
        return self._known(value, key)

    def statements(self, path: str) -> list[Statement]:
        """The statements of an IAM policy document, given as JSON text or as an object.

        Raises:
            WrongTypeError: it is not a policy document.
        """
        value = self._find(path)
        if value is None:
            return []
        try:
            if isinstance(value, str):
                return list(_statements_in(value, self.where(path)))
            if _holds_unknown(value):
                raise UnknownError(self.where(path))
            return statements_of(value, self.where(path))
        except ValueError as error:
            raise WrongTypeError(self.where(path), "a policy document", value) from error

    def leaves(self) -> Iterator[tuple[str, Any]]:
        """Path and value of everything below that is neither object nor list; unknowns are left out."""
        yield from _leaves(self._value, self._path)

    def _read(self, path: str, types: Any, wanted: str, default: Any) -> Any:
        value = self._find(path)
        return default if value is None else self._typed(value, types, wanted, path)

    def _typed(self, value: Any, types: Any, wanted: str, path: str) -> Any:
        value = self._known(value, path)
        if not isinstance(value, types):
            raise WrongTypeError(self.where(path), wanted, value)
        return value

    def _known(self, value: Any, path: str) -> Any:
        if isinstance(value, Secret):
            value = value.value
        if value is UNKNOWN:
            raise UnknownError(self.where(path))
        return value

    def _find(self, path: str) -> Any:
        self._reads.add(self.where(path))
        value = self._known(self._value, "")
        passed: list[str] = []
        for step in path.split("."):
            passed.append(step)
            value = self._step(value, step, ".".join(passed))
            if value is None:
                return None
        return value

    def _step(self, value: Any, step: str, path: str) -> Any:
        if isinstance(value, Mapping):
            return self._known(value.get(step), path)
        if isinstance(value, list | tuple) and step.isdigit():
            return self._known(value[int(step)], path) if int(step) < len(value) else None
        raise WrongTypeError(self.where(path.rpartition(".")[0]), "an object", value)

    def _view(self, value: Any, path: str) -> View:
        return View(value, self.where(path), self._reads)


@lru_cache(maxsize=1024)
def _statements_in(text: str, path: str) -> tuple[Statement, ...]:
    """The statements of a document given as text, which many rules ask for."""
    return tuple(statements_of(json.loads(text), path))


def _holds_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_unknown(item) for item in value)
    return value is UNKNOWN


def secret_texts(value: Any, *, secret: bool = False) -> frozenset[str]:
    """Every text below a value that is marked as secret."""
    if isinstance(value, Secret):
        return secret_texts(value.value, secret=True)
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return frozenset().union(*(secret_texts(item, secret=secret) for item in value))
    return frozenset({value}) if secret and isinstance(value, str) and value else frozenset()


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}.{index}" if path else str(index))
    elif value is not UNKNOWN:
        yield path, value
