"""The diff on the engines: what was recorded of prepared pull requests is what the engine says today."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from groundplan.errors import GroundplanError
from groundplan.preview import rehearsed
from groundplan.preview.changes import Change, changes_of
from groundplan.preview.checkouts import check_out
from groundplan.preview.document import Preview
from groundplan.progress import Progress
from groundplan.rehearsal import worlds
from groundplan.rehearsal.rehearse import take_down
from tests.pull_requests import recordings
from tests.pull_requests.definitions import PULL_REQUESTS
from tests.pull_requests.patched import patched

from .conftest import throw_away

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(1500)]

SAMPLE = ("description", "settings-reordered", "bucket-renamed", "public-endpoint")
BY_NAME = {each.name: each for each in PULL_REQUESTS}


@pytest.fixture(scope="module", autouse=True)
def world_of_its_own() -> Generator[None]:
    """A rehearsal beside those of a person, gone at the end."""
    patch = pytest.MonkeyPatch()
    patch.setattr(rehearsed, "world_id", lambda environment: f"test-diff-{environment}")
    throw_away("test-diff-dev")
    yield
    if worlds.root().joinpath("test-diff-dev", "world.json").exists():
        take_down("test-diff-dev", Progress())
    throw_away("test-diff-dev")
    patch.undo()


def previewed(name: str) -> Preview:
    """What the engine says of a prepared pull request of dev, on the last commit."""
    with patched(BY_NAME[name]) as head:
        return rehearsed.preview_on(check_out("HEAD"), head, "dev", Progress())


def essence(changes: tuple[Change, ...]) -> list[tuple[object, ...]]:
    """What does not differ from one account to another: resources, operations, paths, reasons."""
    return [
        (each.urn, each.operation, tuple((prop.path, prop.replaces) for prop in each.properties))
        for each in changes
        if not each.recorded
    ]


@pytest.mark.parametrize("name", SAMPLE)
def test_the_engine_says_what_was_recorded(name: str) -> None:
    """The same resources, operations, properties and reasons (else record it anew)."""
    (recorded,) = recordings.load(name, "dev").environments
    assert essence(changes_of(previewed(name))) == essence(recorded.changes)


def test_a_second_diff_only_previews() -> None:
    """The applied base stays: the emulator, with the account in its memory, is the same process."""
    previewed("description")
    world = worlds.load("test-diff-dev")
    mark = (world.data / "applied-base.json").stat().st_mtime_ns
    previewed("description")
    assert (world.data / "applied-base.json").stat().st_mtime_ns == mark


def test_a_program_that_fails_is_told() -> None:
    """With the program's own message and exit code 4; the applied base stays usable."""
    with patched(BY_NAME["description"]) as head:
        file = head.folder / "infra" / "__main__.py"
        file.write_text(file.read_text().replace("\nmain()\n", "\nraise pulumi.RunError('no such luck')\n"))
        with pytest.raises(GroundplanError, match="The preview of dev failed") as caught:
            rehearsed.preview_on(check_out("HEAD"), head, "dev", Progress())
    assert "no such luck" in str(caught.value)
    assert caught.value.exit_code == 4
    assert not changes_of(previewed("settings-reordered"))
