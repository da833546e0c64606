"""Whether EC2 offers the instance types of pools in the zones that the pools are in. Only AWS can say it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.settings.errors import Problem
from infra.settings.explain import key_path
from infra.settings.loader import settings_error
from infra.settings.models import PlatformSettings, Settings

Offered = Mapping[str, Collection[str]]
"""By instance type, the zones of a region that EC2 offers it in."""


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """Instance types that a pool's nodes have, all of them or any of them, and where."""

    key: tuple[str, ...]
    types: Sequence[str]
    zones: Sequence[str]
    all_needed: bool

    def lacking(self, offered: Offered) -> Iterator[tuple[str, list[str]]]:
        """Each type that is missing, and in which zones.

        A node group is spread over all of its zones and becomes degraded where one of them has no such type;
        Karpenter launches in any zone whatever it finds there.
        """
        missing = {
            name: [zone for zone in self.zones if zone not in offered.get(name, ())] for name in self.types
        }
        if self.all_needed or all(len(zones) == len(self.zones) for zones in missing.values()):
            yield from ((name, zones) for name, zones in missing.items() if zones)


def instance_types(platform: PlatformSettings) -> list[str]:
    """All that nodes of the platform may have, without those of brokers, databases and caches."""
    return sorted({name for choice in _choices(platform) for name in choice.types})


def refuse_unoffered(settings: Settings, offered: Offered, offered_second: Offered) -> None:
    """Stop before anything is created that no node could be launched for.

    Args:
        settings: of one environment.
        offered: where EC2 offers `instance_types` in the environment's region.
        offered_second: the same of the region that it is brought up in after a loss; empty without one.

    Raises:
        SettingsError: with every pool that lacks a type in one of its zones, here or there.
    """
    platform = settings.platform
    problems = [
        _problem(
            choice.key,
            choice.types,
            f"EC2 does not offer {name} in {', '.join(zones)}",
            offered.get(name, ()),
        )
        for choice in _choices(platform)
        for name, zones in choice.lacking(offered)
    ]
    if platform.recovery:
        there = platform.recovery.availability_zones
        moved = dict(zip(platform.network.zones, there, strict=True))
        problems += [
            _problem(
                ("platform", "recovery", "availability_zones"),
                there,
                f"EC2 does not offer {name} of {key_path(choice.key)} in {', '.join(zones)}",
                offered_second.get(name, ()),
            )
            for choice in _choices(platform, moved)
            for name, zones in choice.lacking(offered_second)
        ]
    if problems:
        raise settings_error(platform.environment, *problems)


def _problem(key: tuple[str, ...], given: Sequence[str], wrong: str, zones: Collection[str]) -> Problem:
    where = f"it in {', '.join(sorted(zones))}" if zones else "another type, for no zone of the region has it"
    return Problem(key=key_path(key), given=list(given), wrong=wrong, allowed=where)


def _choices(platform: PlatformSettings, moved: Mapping[str, str] | None = None) -> Iterator[_Choice]:
    """What pools choose from; with `moved`, in the zones that stand for their own after a loss."""

    def zones(pinned: str | None = None) -> list[str]:
        named = [pinned] if pinned else platform.network.zones
        return [moved[zone] if moved else zone for zone in named]

    system = ("platform", "system_pool", "instance_type")
    yield _Choice(key=system, types=[platform.system_pool.instance_type], zones=zones(), all_needed=True)
    for name, pool in platform.gpu_pools.items():
        key = ("platform", "gpu_pools", name)
        yield _Choice(
            key=(*key, "instance_type"), types=[pool.instance_type], zones=zones(pool.zone), all_needed=True
        )
        if pool.purchase.fallback_types:
            yield _Choice(
                key=(*key, "purchase", "fallback_types"),
                types=pool.purchase.fallback_types,
                zones=zones(pool.zone),
                all_needed=True,
            )
    for name, elastic in platform.elastic_pools.items():
        yield _Choice(
            key=("platform", "elastic_pools", name, "instance_types"),
            types=elastic.instance_types,
            zones=zones(),
            all_needed=False,
        )
