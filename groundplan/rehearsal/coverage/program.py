"""The AWS types that the program uses, read from its sources and those of pulumi-aws."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from groundplan.rehearsal.world import PROJECT_ROOT

_SDK = "pulumi_aws"
_TOKEN = re.compile(r"['\"](aws:\w+/[a-z]\w*:([A-Z]\w+))['\"]")


@cache
def resource_types() -> frozenset[str]:
    """Type tokens of every resource class that a file below `infra/` imports from its own module."""
    return frozenset(
        token
        for file in (PROJECT_ROOT / "infra").rglob("*.py")
        for module, name in _imports(file)
        for token in _tokens(module, name)
    )


def _imports(file: Path) -> Iterator[tuple[str, str]]:
    """Module of the SDK and name of each thing that a file imports from it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{_SDK}."):
            yield from ((str(node.module), alias.name) for alias in node.names)


def _tokens(module: str, name: str) -> Iterator[str]:
    """The token of the class of this name in a module; none if it is no resource. An import takes longer."""
    source = _sdk().joinpath(*module.split(".")[1:]).with_suffix(".py")
    if source.exists():
        found = _TOKEN.findall(source.read_text(encoding="utf-8"))
        yield from {token for token, class_name in found if class_name == name}


@cache
def _sdk() -> Path:
    spec = find_spec(_SDK)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(_SDK)
    return Path(spec.origin).parent
