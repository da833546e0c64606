"""Make the table of Terraform names anew, for every AWS type that `infra/` uses.

    python -m groundplan.audit.second_opinion.name_table

Needs terraform-provider-aws, which a rehearsal leaves in the cache. The types of pulumi-aws are compared with
the provider's schema as the rehearsal's provider adapter does it.
"""

from __future__ import annotations

import ast
import importlib
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from groundplan.audit.second_opinion import terraform_schema
from groundplan.audit.second_opinion.terraform_names import TABLE, Nesting, snake, terraform_type
from groundplan.audit.second_opinion.terraform_schema import Attribute, Block
from groundplan.errors import GroundplanError
from groundplan.progress import console
from groundplan.rehearsal.providers.aws import sdk_schema, shapes
from groundplan.rehearsal.providers.aws.shapes import ABSENT_ON_PURPOSE, Field, Shape
from groundplan.rehearsal.providers.aws.tokens import candidates
from groundplan.rehearsal.providers.aws.types import ListOf, MapOf, Record, Scalar, Type
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import PROJECT_ROOT, cache_folder

COMMAND = "python -m groundplan.audit.second_opinion.name_table"
_NEWER = {"aws:msk/topic:Topic": "aws_msk_topic"}
"""Types that an older provider lacks: theirs are named by rule there."""
_DEEPEST = 6
"""Objects in objects that the table follows: WAF statements nest without end."""
_NESTINGS = {
    shapes.Nesting.SAME: Nesting.SAME,
    shapes.Nesting.WRAPPED: Nesting.WRAPPED,
    shapes.Nesting.UNWRAPPED: Nesting.UNWRAPPED,
}


def main() -> None:
    """Write the table."""
    toolbox = Toolbox(cache_folder(), console.print)
    provider = toolbox.obtain("terraform-provider-aws")
    found = toolbox.find("terraform-provider-aws")
    schema = terraform_schema.read(provider)
    lines = [
        f"  {json.dumps(token)}: {json.dumps(entry(token, schema), separators=(', ', ': '))}"
        for token in used_types(PROJECT_ROOT / "infra")
    ]
    made_from = f"terraform-provider-aws {found.version if found else ''}".strip()
    TABLE.write_text(
        f'{{\n "made_from": {json.dumps(made_from)},\n "types": {{\n' + ",\n".join(lines) + "\n }\n}\n",
        encoding="utf-8",
    )
    console.print(f"{TABLE.relative_to(PROJECT_ROOT)}: {len(lines)} types of {made_from}")


def used_types(folder: Path) -> list[str]:
    """Tokens of the resources that a program imports from pulumi-aws."""
    return sorted({token for file in folder.rglob("*.py") for token in _imported(file)})


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pulumi_aws."):
            module = importlib.import_module(node.module or "")
            for alias in node.names:
                token = getattr(getattr(module, alias.name), "pulumi_type", "")
                if token and sdk_schema.resource(token) and not _is_enum(module, alias.name):
                    yield token


def _is_enum(module: Any, name: str) -> bool:
    return issubclass(getattr(module, name), str)


def entry(token: str, schema: Mapping[str, Block]) -> dict[str, Any]:
    """The table's entry of one type.

    Raises:
        GroundplanError: the provider or the SDK has no such type.
    """
    known = sdk_schema.resource(token)
    sdk = _without_aliases(known) if known else None
    name = next((found for found in map(terraform_type, candidates(token)) if found in schema), None)
    if sdk and name is None and token in _NEWER:
        fields = {key: _by_rule(key, kind, 1) for key, kind in sorted(sdk.properties.items())}
        return {"name": _NEWER[token], "fields": fields}
    if sdk is None or name is None:
        raise GroundplanError(
            f"{token}: terraform-provider-aws has no type alike.",
            hint="Add it to the exceptions in groundplan/rehearsal/providers/aws/tokens.py.",
        )
    shape = shapes.derive(sdk, _record(schema[name]), token)
    return {"name": name, "fields": _fields(sdk, shape, schema[name], 1)}


def _without_aliases(sdk: Record) -> Record:
    """The SDK's type without what is no property of Terraform's: `rule` where the list `rules` is there."""
    found = sdk.properties
    left_out = {name for name in found if f"{name}s" in found} | ABSENT_ON_PURPOSE
    return Record(lambda: {name: kind for name, kind in found.items() if name not in left_out})


def _fields(sdk: Type, shape: Shape | None, block: Block, depth: int) -> dict[str, Any]:
    record = sdk
    while isinstance(record, ListOf | MapOf):
        record, shape = record.item, shape.each if shape and shape.each else shape
    if not isinstance(record, Record) or depth > _DEEPEST:
        return {}
    terraform = {_camel(name): name for name in (*block.attributes, *block.blocks)}
    found = {}
    for name, kind in sorted(record.properties.items()):
        if shape and name in shape.missing:
            found[name] = _by_rule(name, kind, depth)
            continue
        same = shape.fields.get(name, Field(name)) if shape else Field(name)
        if same.name in terraform:
            found[name] = _property(terraform[same.name], same, kind, block, depth)
    return found


def _property(name: str, same: Field, sdk: Type, block: Block, depth: int) -> Any:
    attribute = block.attributes.get(name)
    inner = block.blocks.get(name) or _object(attribute.kind if attribute else None)
    described: dict[str, Any] = {"name": name}
    if same.nesting is not shapes.Nesting.SAME:
        described["nesting"] = _NESTINGS[same.nesting].value
    if name in block.blocks:
        described["block"] = True
    if attribute and attribute.sensitive:
        described["sensitive"] = True
    fields = _fields(sdk, same.inner, inner, depth + 1) if inner else {}
    if fields:
        described["fields"] = fields
    return name if described == {"name": name} else described


def _by_rule(name: str, kind: Type, depth: int) -> Any:
    """A property that only a newer provider has: objects are blocks there, named in the singular."""
    is_list = isinstance(kind, ListOf)
    inner = kind.item if is_list else kind
    if not isinstance(inner, Record) or depth >= _DEEPEST:
        return snake(name)
    fields = {key: _by_rule(key, each, depth + 1) for key, each in sorted(inner.properties.items())}
    if is_list:
        return {"name": snake(name.removesuffix("s")), "block": True, "fields": fields}
    return {"name": snake(name), "nesting": Nesting.WRAPPED.value, "block": True, "fields": fields}


def _record(block: Block) -> Record:
    return Record(partial(_types_of, block))


def _types_of(block: Block) -> dict[str, Type]:
    attributes = {_camel(name): _kind(each.kind) for name, each in block.attributes.items()}
    return attributes | {_camel(name): ListOf(_record(each)) for name, each in block.blocks.items()}


def _kind(kind: Any) -> Type:
    match kind:
        case ["list" | "set", item]:
            return ListOf(_kind(item))
        case ["map", item]:
            return MapOf(_kind(item))
        case ["object", {**fields}]:
            return _record(_block_of(fields))
        case _:
            return Scalar()


def _object(kind: Any) -> Block | None:
    """The object inside an attribute's lists and maps."""
    match kind:
        case ["list" | "set" | "map", item]:
            return _object(item)
        case ["object", {**fields}]:
            return _block_of(fields)
        case _:
            return None


def _block_of(fields: Mapping[str, Any]) -> Block:
    return Block(attributes={name: Attribute(kind=kind) for name, kind in fields.items()})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


if __name__ == "__main__":
    main()
