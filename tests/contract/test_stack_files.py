"""What holds for every stack file, and for the schema that editors check them with."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from infra.settings import load_stack_file
from infra.settings.schema import SCHEMA_FILE, rendered_schema, stack_file_schema
from tests.unit.infra.recording import PROJECT_ROOT

STACK_FILES = sorted((PROJECT_ROOT / "stacks").glob("Pulumi.*.yaml"))
each_stack_file = pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)


def test_there_is_a_dev_stack() -> None:
    """The first thing that a newcomer deploys exists."""
    assert "Pulumi.dev.yaml" in [path.name for path in STACK_FILES]


@each_stack_file
def test_stack_file_is_valid(path: Path) -> None:
    """Each stack file passes the checks that come before anything is started."""
    settings = load_stack_file(path)
    assert path.name == f"Pulumi.{settings.platform.environment}.yaml"


@each_stack_file
def test_stack_file_fits_the_schema(path: Path) -> None:
    """What the program accepts, editors accept."""
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), stack_file_schema())


@each_stack_file
def test_stack_file_names_the_schema(path: Path) -> None:
    """An editor finds the schema by the first line."""
    first_line = path.read_text(encoding="utf-8").splitlines()[0]
    assert first_line == f"# yaml-language-server: $schema=./{SCHEMA_FILE.name}"


def test_schema_is_current() -> None:
    """The generated file is what the models say today (else: `python -m infra.settings.schema`)."""
    assert SCHEMA_FILE.read_text(encoding="utf-8") == rendered_schema()


def test_schema_describes_every_key() -> None:
    """Whoever hovers over a key in an editor reads what it is for."""
    definitions = stack_file_schema()["$defs"]
    silent = [
        f"{model}.{key}"
        for model, definition in definitions.items()
        for key, node in definition["properties"].items()
        if "description" not in node
    ]
    assert not silent


def test_schema_refuses_a_misspelt_key() -> None:
    """The schema is as strict as the models."""
    document = yaml.safe_load((PROJECT_ROOT / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
    document["config"]["groundplan:platform"]["network"]["vpc_rnage"] = "10.0.0.0/16"
    with pytest.raises(jsonschema.ValidationError, match="vpc_rnage"):
        jsonschema.validate(document, stack_file_schema())
