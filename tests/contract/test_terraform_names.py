"""The table of Terraform names covers the program, and says what terraform-provider-aws says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from groundplan.audit.second_opinion import name_table, terraform_schema
from groundplan.audit.second_opinion.terraform_names import Nesting, Property, table
from groundplan.audit.second_opinion.terraform_schema import Block
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import PROJECT_ROOT, cache_folder

USED = name_table.used_types(PROJECT_ROOT / "infra")
_NEWER = 0.1
"""Share of names that only a newer provider than the machine's may have; the SDK is ahead of it."""


@pytest.fixture(scope="module")
def schema() -> Mapping[str, Block]:
    """What the provider on this machine has."""
    return terraform_schema.read(Toolbox(cache_folder(), print).obtain("terraform-provider-aws"))


def test_program_uses_types() -> None:
    """The search finds some, or the tests below would prove nothing."""
    assert {"aws:s3/bucket:Bucket", "aws:eks/cluster:Cluster"} <= set(USED)


@pytest.mark.parametrize("token", USED)
def test_type_is_in_the_table(token: str) -> None:
    """Auditors see it under Terraform's names."""
    assert token in table(), f"Run: {name_table.COMMAND}"


def test_names_are_the_providers(schema: Mapping[str, Block]) -> None:
    """At every depth, but for those that came with a newer provider."""
    names = [
        name
        for kind in table().values()
        for name in _names(kind.properties, schema.get(kind.name, Block()), kind.name)
    ]
    wrong = [name for name, known in names if not known]
    assert len(names) > 1000
    assert len(wrong) <= _NEWER * len(names), wrong


def test_lists_of_one_are_wrapped(schema: Mapping[str, Block]) -> None:
    """One object of pulumi-aws is a block for Terraform, so a list."""
    cluster = table()["aws:eks/cluster:Cluster"]
    network = cluster.properties["vpcConfig"]
    assert (network.name, network.nesting, network.block) == ("vpc_config", Nesting.WRAPPED, True)
    assert "vpc_config" in schema[cluster.name].blocks


def _names(properties: Mapping[str, Property], block: Block, path: str) -> Iterator[tuple[str, bool]]:
    """Each name with its path, and whether the provider has it."""
    for each in properties.values():
        inner = block.blocks.get(each.name)
        yield f"{path}.{each.name}", inner is not None or each.name in block.attributes
        if inner:
            yield from _names(each.fields, inner, f"{path}.{each.name}")
