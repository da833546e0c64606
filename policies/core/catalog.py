"""Every rule of the pack, found in `policies/rules/`: one rule a file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

import policies.rules
from policies.core.rule import Rule
from policies.core.yaml_text import parse_yaml

_PACK_FILE = Path(__file__).resolve().parents[1] / "PulumiPolicy.yaml"
VERSION: str = parse_yaml(_PACK_FILE.read_text(encoding="utf-8"))["version"]
"""Of the pack."""


@cache
def all_rules() -> tuple[Rule, ...]:
    """All rules, by id.

    Raises:
        ValueError: two rules have one id, or a module of `rules/` holds none.
    """
    rules: dict[str, Rule] = {}
    for info in pkgutil.walk_packages(policies.rules.__path__, f"{policies.rules.__name__}."):
        if info.ispkg or info.name.rpartition(".")[2].startswith("_"):
            continue
        rule = getattr(importlib.import_module(info.name), "RULE", None)
        if not isinstance(rule, Rule):
            raise ValueError(f"{info.name} has no RULE")  # noqa: TRY004 - a mistake in the pack, not a type
        if rule.id in rules:
            raise ValueError(f"{info.name}: there is another rule {rule.id}")
        rules[rule.id] = rule
    return tuple(rules[key] for key in sorted(rules))
