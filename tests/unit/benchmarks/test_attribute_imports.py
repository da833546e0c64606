"""The program that the benchmark compares with is ours, but for its imports."""

from __future__ import annotations

import ast
import importlib.util
from types import ModuleType

import pytest

from groundplan.rehearsal.world import PROJECT_ROOT

SOURCE = '''"""A component."""

from __future__ import annotations

from pulumi_aws.ec2.vpc import Vpc
from pulumi_kubernetes.core.v1.Namespace import Namespace as Place


def make():
    return Vpc("a"), Place("b"), "Vpc"
'''
EXPECTED = '''"""A component."""

from __future__ import annotations

import pulumi_aws as aws
import pulumi_kubernetes as k8s


def make():
    return aws.ec2.Vpc("a"), k8s.core.v1.Namespace("b"), "Vpc"
'''


@pytest.fixture
def benchmark_module() -> ModuleType:
    """The benchmark's module, which is no part of a package."""
    file = PROJECT_ROOT / "benchmarks" / "attribute_imports.py"
    specification = importlib.util.spec_from_file_location("attribute_imports", file)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_leaf_imports_become_attributes(benchmark_module: ModuleType) -> None:
    """Names in code are replaced, texts are not; imports stand behind `from __future__`."""
    assert ast.dump(ast.parse(benchmark_module.rewrite(SOURCE))) == ast.dump(ast.parse(EXPECTED))


def test_a_file_without_sdks_stays_as_it_is(benchmark_module: ModuleType) -> None:
    """No import is added that nobody uses."""
    source = "import json\n\nprint(json.dumps({}))\n"
    assert ast.dump(ast.parse(benchmark_module.rewrite(source))) == ast.dump(ast.parse(source))


@pytest.mark.parametrize("name", ["network", "streaming", "cluster"])
def test_the_rewritten_program_names_things_that_exist(benchmark_module: ModuleType, name: str) -> None:
    """No leaf import of an SDK is left in it, but those for type checking."""
    source = (PROJECT_ROOT / "infra" / "aws" / f"{name}.py").read_text()
    body = ast.parse(benchmark_module.rewrite(source)).body
    left = [
        n.module for n in body if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("pulumi_")
    ]
    assert left == []
