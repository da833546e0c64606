"""How methods of moto are amended: wrapped once, whoever asks and however often.

What is amended or added tells so when it runs, and so it is known of each answer whose code it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import wraps
from typing import Any

_applied: set[tuple[type, str]] = set()


class Origin(StrEnum):
    """Whose code an answer came from."""

    MOTO = "moto"
    AMENDED = "amended"
    """moto's, with something of ours in it."""
    OURS = "ours"


def strongest(origins: Collection[Origin]) -> Origin:
    """What an answer counts as: ours, if any of our code made it; moto's, if none was at work."""
    return next((each for each in (Origin.OURS, Origin.AMENDED) if each in origins), Origin.MOTO)


_origins: ContextVar[set[Origin] | None] = ContextVar("origins", default=None)


@contextmanager
def watched() -> Generator[set[Origin]]:
    """Collect what of ours runs within the block."""
    found: set[Origin] = set()
    token = _origins.set(found)
    try:
        yield found
    finally:
        _origins.reset(token)


def mark(origin: Origin) -> None:
    """Tell that code of this origin is at work on the answer."""
    found = _origins.get()
    if found is not None:
        found.add(origin)


def wrap(owner: type, name: str, around: Callable[..., Any], *, only_refuses: bool = False) -> None:
    """Replace a method by `around(original, self, ...)`.

    With `only_refuses` it changes no answer that is given, and so it is no part of one.
    """
    if (owner, name) in _applied:
        return
    original = getattr(owner, name)

    @wraps(original)
    def amended(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not only_refuses:
            mark(Origin.AMENDED)
        return around(original, self, *args, **kwargs)

    setattr(owner, name, amended)
    _applied.add((owner, name))


def add(owner: type, **methods: Callable[..., Any]) -> None:
    """Give a class methods that it lacks."""
    for name, method in methods.items():
        setattr(owner, name, _marked(method, Origin.OURS))


def tell(owner: type, name: str, property_: Callable[..., Any]) -> None:
    """Let the objects of a class tell something else, or more, in a property."""
    setattr(owner, name, property(_marked(property_, Origin.AMENDED)))


def _marked(method: Callable[..., Any], origin: Origin) -> Callable[..., Any]:
    @wraps(method)
    def marked(*args: Any, **kwargs: Any) -> Any:
        mark(origin)
        return method(*args, **kwargs)

    return marked


def kept_in(backend: Any, name: str) -> dict[str, Any]:
    """What we keep in one of moto's backends, so that it goes with it."""
    if not hasattr(backend, name):
        setattr(backend, name, {})
    return getattr(backend, name)
