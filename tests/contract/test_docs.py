"""Documents say what is there: links lead somewhere, and each decision is in the index."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from groundplan import reference
from infra.settings.schema import stack_file_schema

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    """A relative link names a file of the repository."""
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("name", reference.pages())
def test_reference_is_current(name: str) -> None:
    """The generated pages are what models and components say today (else: `make reference`)."""
    assert (reference.FOLDER / name).read_text(encoding="utf-8") == reference.pages()[name]


def test_reference_has_every_setting() -> None:
    """Also those below names that people choose: pools and tenants."""
    page = reference.pages()["settings.md"]
    definitions = stack_file_schema()["$defs"]
    headings = [line.removeprefix("## ").strip("`") for line in page.splitlines() if line.startswith("## ")]
    assert "groundplan:platform.gpu_pools.*.purchase" in headings
    assert "groundplan:platform.tenants.*.training.size" in headings
    keys = {key for name, each in definitions.items() if name != "Settings" for key in each["properties"]}
    assert {key for key in keys if f"| `{key}` |" not in page} == set()


def test_index_lists_every_decision() -> None:
    """The index has a row for each decision, under the title that the decision has."""
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    decisions = sorted(folder.glob("[0-9]*.md"))
    assert decisions
    for decision in decisions:
        assert f"({decision.name})" in index
        head = decision.read_text()
        assert re.match(r"---\nstatus: (accepted|superseded)\ndate: \d{4}-\d\d-\d\d\n---\n# \S", head), (
            decision
        )


def test_map_of_the_readme_is_complete() -> None:
    """Each top-level folder with sources is explained."""
    readme = (ROOT / "README.md").read_text()
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in tracked.splitlines() if "/" in line}
    unexplained = {f for f in folders if not f.startswith(".") and f"`{f}/`" not in readme}
    assert unexplained == set()
