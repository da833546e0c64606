"""Keys of the images: they change with the content and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from groundplan.rehearsal.images.recipes import Recipe, all_recipes


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    """A recipe with a Dockerfile and a package."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("print()\n")
    return Recipe(
        name="app",
        dockerfile=tmp_path / "Dockerfile",
        context=tmp_path,
        parent=None,
        inputs=(tmp_path / "Dockerfile", tmp_path / "app"),
        needed_bytes=1,
    )


def test_key_stays_when_only_byte_code_appears(recipe: Recipe) -> None:
    """Running the sources on the host must not rebuild the image."""
    before = recipe.key()
    cache = recipe.context / "app" / "__pycache__"
    cache.mkdir()
    (cache / "main.pyc").write_bytes(b"code")
    assert recipe.key() == before


def test_key_changes_with_content_name_and_base(recipe: Recipe) -> None:
    """A changed line, a moved file and another base each give another key."""
    keys = {recipe.key(), recipe.key("base-1"), recipe.key("base-2"), replace(recipe, name="other").key()}
    (recipe.context / "app" / "main.py").write_text("print(1)\n")
    keys.add(recipe.key())
    (recipe.context / "app" / "main.py").rename(recipe.context / "app" / "other.py")
    keys.add(recipe.key())
    assert len(keys) == 6


def test_each_image_comes_after_its_base() -> None:
    """Builds walk the recipes in order."""
    seen: set[str] = set()
    for recipe in all_recipes():
        assert recipe.parent is None or recipe.parent in seen
        seen.add(recipe.name)
