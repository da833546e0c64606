"""How methods of moto are amended: wrapped once, whoever asks and however often."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

_applied: set[tuple[type, str]] = set()


def wrap(owner: type, name: str, around: Callable[..., Any]) -> None:
    """Replace a method by `around(original, self, ...)`."""
    if (owner, name) in _applied:
        return
    original = getattr(owner, name)

    @wraps(original)
    def amended(self: Any, *args: Any, **kwargs: Any) -> Any:
        return around(original, self, *args, **kwargs)

    setattr(owner, name, amended)
    _applied.add((owner, name))


def add(owner: type, **methods: Callable[..., Any]) -> None:
    """Give a class methods that it lacks."""
    for name, method in methods.items():
        setattr(owner, name, method)


def kept_in(backend: Any, name: str) -> dict[str, Any]:
    """What we keep in one of moto's backends, so that it goes with it."""
    if not hasattr(backend, name):
        setattr(backend, name, {})
    return getattr(backend, name)
