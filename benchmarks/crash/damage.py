"""A state damaged in every way, found before any provider is called, and put back by one command."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.crash.stack import STACK, SmallStack
from groundplan.errors import ExitCode

Damage = Callable[[bytes, random.Random], bytes]


def _resources(document: dict[str, Any]) -> list[dict[str, Any]]:
    return document["checkpoint"]["latest"]["resources"]


def _edited(edit: Callable[[dict[str, Any], random.Random], None]) -> Damage:
    def damage(content: bytes, dice: random.Random) -> bytes:
        document = json.loads(content)
        edit(document, dice)
        return json.dumps(document, separators=(",", ":")).encode()

    return damage


def _truncate(content: bytes, dice: random.Random) -> bytes:
    return content[: dice.randrange(len(content))]


def _flip(content: bytes, dice: random.Random) -> bytes:
    damaged = bytearray(content)
    damaged[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def _lose_dependency(document: dict[str, Any], dice: random.Random) -> None:
    listed = _resources(document)
    needed = {urn for each in listed for urn in each.get("dependencies") or ()}
    victim = dice.choice(sorted(needed))
    listed[:] = [each for each in listed if each["urn"] != victim]


def _double(document: dict[str, Any], dice: random.Random) -> None:
    _resources(document).append(dict(dice.choice(_resources(document)[2:])))


def _reorder(document: dict[str, Any], dice: random.Random) -> None:
    listed = _resources(document)
    needed = {urn for each in listed for urn in each.get("dependencies") or ()}
    victim = dice.choice(sorted(needed))
    [moved] = [each for each in listed if each["urn"] == victim]
    listed.remove(moved)
    listed.append(moved)


def _newer(document: dict[str, Any], dice: random.Random) -> None:
    document["version"] = dice.randrange(5, 99)


def _older(document: dict[str, Any], dice: random.Random) -> None:
    latest = document["checkpoint"]["latest"]
    latest["manifest"]["time"] = f"2020-01-01T00:00:{dice.randrange(60):02}Z"
    latest["resources"] = latest["resources"][: dice.randrange(2, len(latest["resources"]))]


DAMAGES: dict[str, Damage] = {
    "truncated": _truncate,
    "one bit flipped": _flip,
    "dependency missing": _edited(_lose_dependency),
    "resource twice": _edited(_double),
    "wrong order": _edited(_reorder),
    "newer version": _edited(_newer),
    "older state": _edited(_older),
}


@dataclass(frozen=True, kw_only=True)
class DamageTrial:
    """One damage.

    Args:
        damage: its name.
        found: whether `groundplan state check` found it.
        engine_refused: whether the engine itself refuses such a state; None if it was not asked.
        calls: requests that reached AWS meanwhile.
        restored: whether one command brought the state back, byte for byte.
    """

    damage: str
    found: bool
    engine_refused: bool | None
    calls: int
    restored: bool

    @property
    def passed(self) -> bool:
        """Found without a call, and restored."""
        return self.found and not self.calls and self.restored


def damage_trial(stack: SmallStack, name: str, seed: int, *, ask_engine: bool = False) -> DamageTrial:
    """Damage the state of a stack after an operation that ended, look for it, and put it back."""
    whole = stack.state_file.read_bytes()
    log = stack.world.engine_log("emulator")
    before = log.stat().st_size
    stack.state_file.write_bytes(DAMAGES[name](whole, random.Random(seed)))  # noqa: S311 - no secret
    check = stack.groundplan("state", "check", STACK)
    engine = stack.pulumi("stack").exit_code != 0 if ask_engine else None
    restore = stack.groundplan("state", "restore", STACK)
    return DamageTrial(
        damage=name,
        found=check.exit_code == ExitCode.DEPLOYMENT,
        engine_refused=engine,
        calls=_requests(log, before),
        restored=restore.exit_code == 0 and stack.state_file.read_bytes() == whole,
    )


def _requests(log: Path, start: int) -> int:
    """Requests that the emulator has answered since its log was so long."""
    with log.open("rb") as lines:
        lines.seek(start)
        return sum(b"emulator.api" in line for line in lines)
