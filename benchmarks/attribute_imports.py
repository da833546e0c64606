"""Rewrites leaf imports of Pulumi's SDKs into the attribute imports that most programs have."""

from __future__ import annotations

import ast
from pathlib import Path

SDKS = {"pulumi_aws": "aws", "pulumi_kubernetes": "k8s"}


def rewrite_folder(folder: Path) -> None:
    """Rewrite every Python file below `folder`."""
    for path in folder.rglob("*.py"):
        path.write_text(rewrite(path.read_text(encoding="utf-8")), encoding="utf-8")


def rewrite(source: str) -> str:
    """`from pulumi_aws.ec2.vpc import Vpc`, `Vpc(...)` as `import pulumi_aws as aws`, `aws.ec2.Vpc(...)`.

    Imports for type checking stay: they cost nothing at run time.
    """
    tree = ast.parse(source)
    attributes: dict[str, ast.expr] = {}
    used: set[str] = set()
    body: list[ast.stmt] = []
    for node in tree.body:
        sdk = node.module.split(".")[0] if isinstance(node, ast.ImportFrom) and node.module else ""
        if isinstance(node, ast.ImportFrom) and sdk in SDKS:
            used.add(sdk)
            for alias in node.names:
                attributes[alias.asname or alias.name] = _attribute(sdk, str(node.module), alias.name)
        else:
            body.append(node)
    position = _after_future_imports(body)
    body[position:position] = [ast.parse(f"import {sdk} as {SDKS[sdk]}").body[0] for sdk in sorted(used)]
    tree.body = body
    return ast.unparse(ast.fix_missing_locations(_Replace(attributes).visit(tree))) + "\n"


def _attribute(sdk: str, module: str, name: str) -> ast.expr:
    """The public path of a resource: that of its package, without the leaf module."""
    packages = module.split(".")[1:-1]
    return ast.parse(".".join([SDKS[sdk], *packages, name]), mode="eval").body


def _after_future_imports(body: list[ast.stmt]) -> int:
    """Where an import may stand: behind the docstring and `from __future__ import ...`."""
    position = 0
    for index, node in enumerate(body):
        if not _is_docstring(node) and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            break
        position = index + 1
    return position


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


class _Replace(ast.NodeTransformer):
    """Replaces names by attributes."""

    def __init__(self, attributes: dict[str, ast.expr]) -> None:
        self._attributes = attributes

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._attributes.get(node.id, node)
