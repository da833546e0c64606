"""Every AWS type, input and function of the program exists in the provider that a rehearsal runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest

from groundplan.rehearsal.engines.aws_provider import AwsProvider
from groundplan.rehearsal.providers.aws import sdk_schema
from groundplan.rehearsal.providers.aws.bridge import schema_file
from groundplan.rehearsal.providers.aws.bridge_schema import BridgeSchema
from groundplan.rehearsal.providers.aws.msk_topic import INPUTS as INPUTS_OF_TOPICS
from groundplan.rehearsal.providers.aws.msk_topic import TOKEN as MSK_TOPIC
from groundplan.rehearsal.providers.aws.shapes import ABSENT_ON_PURPOSE, KEPT, Shape
from groundplan.rehearsal.providers.aws.translation import Dictionary
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import PROJECT_ROOT, cache_folder

_TOKEN = re.compile(r"['\"](aws:\w+/\w+:\w+)['\"]")
_SDK = Path(str(distribution("pulumi-aws").locate_file("pulumi_aws")))
_NOT_INPUTS = frozenset({"opts", "resource_name"})


@dataclass(frozen=True)
class Use:
    """A place where the program makes a resource or calls a function of pulumi-aws.

    Args:
        token: its type token.
        where: file and line.
        call: the call's syntax.
    """

    token: str
    where: str
    call: ast.Call


def _uses() -> Iterator[Use]:
    for file in sorted((PROJECT_ROOT / "infra").rglob("*.py")):
        tree = ast.parse(file.read_text())
        tokens = dict(_imported(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in tokens:
                where = f"{file.relative_to(PROJECT_ROOT)}:{node.lineno}"
                yield Use(tokens[node.func.id], where, node)


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Local name and token of what a file imports from pulumi-aws' leaf modules."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pulumi_aws.")):
            continue
        for alias in node.names:
            own = [token for token in _tokens(node.module or "") if _belongs(token, alias.name)]
            if own:
                yield alias.asname or alias.name, own[-1]


@cache
def _tokens(module: str) -> list[str]:
    """Tokens in a module's text. All workers collect these tests: to import the modules took them a while."""
    text = _SDK.joinpath(*module.split(".")[1:]).with_suffix(".py")
    return _TOKEN.findall(text.read_text()) if text.is_file() else []


def _belongs(token: str, name: str) -> bool:
    plain = name.removesuffix("_output").replace("_", "").lower()
    return token.rpartition(":")[2].lower() == plain


USES = tuple(_uses())


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    """What the adapter knows about the provider on this machine."""
    toolbox = Toolbox(cache_folder(), print)
    AwsProvider().obtain(toolbox)
    return Dictionary(BridgeSchema(schema_file(toolbox.cache, toolbox.path("terraform-provider-aws"))))


def _shape(dictionary: Dictionary, token: str) -> Shape | None:
    if token == MSK_TOPIC and not dictionary.has(token):  # served by the adapter then, with these inputs
        known = sdk_schema.resource(token)
        assert known is not None
        return Shape(missing=frozenset(known.properties) - {*INPUTS_OF_TOPICS})
    is_function = token.rpartition(":")[2].startswith("get")
    return (dictionary.function if is_function else dictionary.resource)(token).shape


def test_program_uses_aws() -> None:
    """The search finds the program's types, or the tests below would prove nothing."""
    tokens = {use.token for use in USES}
    assert {"aws:ec2/vpc:Vpc", "aws:eks/cluster:Cluster", "aws:s3/bucket:Bucket"} <= tokens
    assert len(tokens) > 30


@pytest.mark.parametrize("token", sorted({use.token for use in USES}))
def test_type_is_known(dictionary: Dictionary, token: str) -> None:
    """The rule or the table of tokens leads to a type of the provider."""
    _shape(dictionary, token)


@pytest.mark.parametrize("use", USES, ids=[use.where for use in USES])
def test_inputs_are_known(dictionary: Dictionary, use: Use) -> None:
    """Every input that the program writes down, nested ones included, has its counterpart."""
    given = {word.arg: word.value for word in use.call.keywords if word.arg and word.arg not in _NOT_INPUTS}
    missing = set(_missing(given, _shape(dictionary, use.token))) - ABSENT_ON_PURPOSE
    missing -= KEPT.get(use.token, frozenset())
    assert not missing, f"{use.where}: {use.token} has no {', '.join(sorted(missing))} in this provider"


def _missing(given: dict[str, ast.expr], shape: Shape | None) -> Iterator[str]:
    if shape is None:
        return
    for python_name, value in given.items():
        name = _camel(python_name)
        if name in shape.missing:
            yield name
        field = shape.fields.get(name)
        if field and field.inner:
            yield from _missing_inside(value, field.inner)


def _missing_inside(value: ast.expr, shape: Shape) -> Iterator[str]:
    match value:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            for item in items:
                yield from _missing_inside(item, shape.each or shape)
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            given = {str(key.value): inner for key, inner in pairs if isinstance(key, ast.Constant)}
            yield from _missing(given, shape)


@cache
def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)
