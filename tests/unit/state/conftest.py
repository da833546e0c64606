"""A backend for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.state.backend import Backend, checkpoint


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    """One stack, whole, after one operation."""
    made = Backend(tmp_path / "backend")
    made.operate(checkpoint())
    return made
