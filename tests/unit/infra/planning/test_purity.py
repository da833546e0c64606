"""Planning stays apart from resources."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import infra.planning
from tests.unit.infra.recording import PROJECT_ROOT


def test_planning_imports_no_pulumi() -> None:
    """All of `infra/planning` runs where Pulumi is not installed."""
    modules = [info.name for info in pkgutil.iter_modules(infra.planning.__path__, "infra.planning.")]
    assert modules
    program = (
        f"import sys; import {', '.join(modules)}; "
        "print([name for name in sys.modules if name.startswith('pulumi')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
