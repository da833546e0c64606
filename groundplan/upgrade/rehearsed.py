"""The state that a release wrote, put into a rehearsal, and the program of now previewed on it."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

from groundplan.errors import ExitCode, GroundplanError
from groundplan.preview.checkouts import working_tree
from groundplan.preview.document import Preview
from groundplan.preview.rehearsed import preview_head, start_engines
from groundplan.progress import Progress
from groundplan.rehearsal import shell, worlds
from groundplan.rehearsal.rehearse import require_root, take_down
from groundplan.rehearsal.world import PROJECT_ROOT, World
from groundplan.settings import load_stack
from groundplan.state.copies import with_salt_of
from groundplan.upgrade.released import Release

_PLACES = ("sourcePosition", "stackTrace")
"""Where in the program a resource was registered, and by which files of the machine."""


def preview_on_release(release: Release, environment: str, progress: Progress) -> Preview:
    """Preview this version's AWS half on what a release wrote; the account itself is empty, and not asked.

    Args:
        release: whose state.
        environment: the stack, with the settings that it has now.
        progress: what people see.

    Raises:
        GroundplanError: no root rights (exit code 3), wrong settings (2), no such state (6), or the program
            failed (4).
    """
    require_root()
    state, region = release.state(environment), load_stack(environment).settings.region
    world = worlds.create(f"upgrade-{environment}", environment, region, "aws")
    try:
        with worlds.lock(world):
            with progress.step(f"{environment}: start engines with the state of {release.version}"):
                start_engines(world, progress)
                _import(world, state)
            with progress.step(f"{environment}: preview this version on it"):
                preview = preview_head(world, working_tree())
    finally:
        take_down(world.id, progress)
    shutil.rmtree(world.folder)  # but for the logs of one that failed
    return preview


def exported(world: World) -> dict[str, Any]:
    """The state of a rehearsal: secrets (of an account that never was) in plain text, no paths of files."""
    state = json.loads(_pulumi(world, "export", "--show-secrets"))
    for each in state["deployment"]["resources"]:
        for place in _PLACES:
            each.pop(place, None)
    return state


def _import(world: World, state: dict[str, Any]) -> None:
    shell.environment(world)  # creates the stack
    _pulumi(world, "import", stdin=with_salt_of(shell.salted(world), json.dumps(state)))


def _pulumi(world: World, operation: str, *options: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["pulumi", "stack", operation, "--stack", world.environment, "--non-interactive", *options],
        executable=str(world.bin / "pulumi"),
        cwd=PROJECT_ROOT,
        env=shell.child_environment(world),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise GroundplanError(
            f"`pulumi stack {operation}` failed in the rehearsal {world.id!r}.",
            log=done.stderr or done.stdout,
            exit_code=ExitCode.DEPLOYMENT,
        )
    return done.stdout
