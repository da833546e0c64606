"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

from tests.unit.infra.recording import PROJECT_ROOT

FOLDERS = ("infra", "services", "policies", "groundplan", "tests", "benchmarks")
MEDIAN_FILE_LINES = 150
MAX_FILE_LINES = 500
USUAL_FUNCTION_LINES = 40
USUAL_SHARE = 0.9
MAX_FUNCTION_LINES = 80


def _sources() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (PROJECT_ROOT / folder).rglob("*.py"))


def _functions() -> dict[str, int]:
    """Lines of each function, without its docstring: explaining costs nothing."""
    lengths = {}
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first, *_ = node.body
                docstring = ast.get_docstring(node) is not None
                spared = (first.end_lineno or first.lineno) - first.lineno + 1 if docstring else 0
                length = (node.end_lineno or node.lineno) - node.lineno + 1 - spared
                lengths[f"{path.relative_to(PROJECT_ROOT)}:{node.name}"] = length
    return lengths


def test_files_are_small() -> None:
    """The median file fits on three screens; none is longer than ten."""
    lengths = {
        str(path.relative_to(PROJECT_ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in _sources()
    }
    assert statistics.median(lengths.values()) <= MEDIAN_FILE_LINES
    assert not {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES}


def test_functions_are_small() -> None:
    """Nine of ten functions fit on a screen; none is longer than two."""
    lengths = _functions()
    usual = sum(lines <= USUAL_FUNCTION_LINES for lines in lengths.values())
    assert usual / len(lengths) >= USUAL_SHARE
    assert not {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES}
