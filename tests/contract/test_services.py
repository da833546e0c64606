"""What holds for every service: how it is built, configured, documented and how it fails."""

from __future__ import annotations

import ast
import importlib
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from groundplan_common import logs
from groundplan_common.settings import ServiceSettings

SERVICES = Path(__file__).parents[2] / "services"
DEPLOYABLE = sorted(path.parent.name for path in SERVICES.glob("*/Dockerfile"))
MODULES = sorted(SERVICES.glob("*/*/**/*.py"))


def settings_of(service: str) -> type[ServiceSettings]:
    """Return the settings class of a service."""
    module = importlib.import_module(f"{service}.settings")
    (found,) = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value is not ServiceSettings
    ]
    return found


@pytest.fixture
def root_logger() -> Iterator[None]:
    """Give the handlers of the root logger back after a test that sets them."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_the_services_are_found() -> None:
    """The loops below loop over something."""
    assert DEPLOYABLE == ["inference", "ingest", "training"]


@pytest.mark.parametrize("service", DEPLOYABLE)
@pytest.mark.usefixtures("root_logger")
def test_an_empty_environment_ends_it_with_one_clear_error(
    service: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and every variable that is needed is named."""
    settings = settings_of(service)
    for field in settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    main = importlib.import_module(f"{service}.__main__").main
    assert logs.run(service, main) == 2
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    needed = {name.upper() for name, field in settings.model_fields.items() if field.is_required()}
    assert needed
    assert all(f"{name} is not set" in summary["message"] for name in needed)


@pytest.mark.parametrize("service", DEPLOYABLE)
def test_its_readme_lists_every_variable(service: str) -> None:
    """Neither more nor fewer than the settings have."""
    table = [
        line for line in (SERVICES / service / "README.md").read_text().splitlines() if line.startswith("| `")
    ]
    listed = {name for line in table for name in re.findall(r"`([A-Z_]+)`", line.split("|")[1])}
    assert listed == {field.upper() for field in settings_of(service).model_fields}


@pytest.mark.parametrize("service", DEPLOYABLE)
def test_its_image_is_built_from_a_named_base_and_runs_without_rights(service: str) -> None:
    """The base is an argument, the user is a number, and the entry point is the package."""
    dockerfile = (SERVICES / service / "Dockerfile").read_text()
    assert "ARG BASE_IMAGE" in dockerfile
    assert "USER 65532" in dockerfile
    assert f'ENTRYPOINT ["python", "-m", "{service}"]' in dockerfile


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SERVICES)))
def test_a_service_imports_itself_and_what_is_shared(path: Path) -> None:
    """Each has an image of its own, so another service's package is not there."""
    own = path.relative_to(SERVICES).parts[0]
    others = {service for service in DEPLOYABLE if service != own}
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported += [
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    ]
    roots = {name.split(".")[0] for name in imported}
    assert not roots & (others | {"groundplan", "tests"})


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SERVICES)))
def test_no_service_knows_of_rehearsals(path: Path) -> None:
    """The world is swapped, not the program."""
    assert "rehears" not in path.read_text().lower()
