"""Levels set by `--policy-pack-config`. The engine accepts any name there, so we refuse a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from policies.core.rule import Level, Rule
from policies.core.settings import PackError

_LEVELS = {
    "DISABLED": Level.OFF,
    "ADVISORY": Level.ADVISORY,
    "MANDATORY": Level.MANDATORY,
    "REMEDIATE": Level.MANDATORY,
}


def configured(
    wanted: Mapping[str, tuple[str, Mapping[str, Any]]], rules: Mapping[str, Rule]
) -> tuple[dict[str, Level], frozenset[str]]:
    """Levels by rule, and the rules that rewrite what they find.

    Args:
        wanted: for each name in the configuration, the engine's level and further properties.
        rules: all rules by their ids.

    Raises:
        PackError: a name is no rule, a rule cannot rewrite, or a property is given that no rule takes.
    """
    levels: dict[str, Level] = {}
    remediated = set()
    for name, (level, properties) in wanted.items():
        if name not in rules:
            raise PackError(_unknown(name, rules))
        if properties:
            raise PackError(
                f"policy configuration, {name}: there is no key {sorted(properties)[0]!r}; allowed is "
                "enforcementLevel. Lists and limits are set in policies/settings.yaml"
            )
        if level == "REMEDIATE":
            if rules[name].rewrite is None:
                raise PackError(
                    f"policy configuration, {name}: it cannot rewrite what it finds; allowed are disabled, "
                    "advisory, mandatory"
                )
            remediated.add(name)
        levels[name] = _LEVELS[level]
    return levels, frozenset(remediated)


def _unknown(name: str, rules: Collection[str]) -> str:
    near = difflib.get_close_matches(name, rules, n=3, cutoff=0.4)
    advice = f"did you mean {', '.join(near)}?" if near else "`groundplan audit --rules` lists them"
    return f"policy configuration: there is no rule {name!r}; {advice}"
