"""A true diff without an account: the base applied in a rehearsal, the head previewed on it.

The applied world stays, keyed by the base's commit: a second diff against the same base only previews.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import yaml

from groundplan.errors import ExitCode, GroundplanError
from groundplan.preview.checkouts import Checkout
from groundplan.preview.document import Preview, parse_preview
from groundplan.progress import Progress
from groundplan.rehearsal import leftovers, processes, shell, stack, supervisor, worlds
from groundplan.rehearsal.engines import engines_of
from groundplan.rehearsal.pulumi_events import Tally
from groundplan.rehearsal.rehearse import require_root, take_down
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import World, cache_folder

_NO_DIGEST = f"sha256:{'0' * 64}"
"""For every image, before and after: images are no part of the comparison."""
_LOG_LINES = 15
_NOTE_EVERY = 20


def world_id(environment: str) -> str:
    """Name of the rehearsal in which an environment is compared."""
    return f"diff-{environment}"


def preview_on(base: Checkout, head: Checkout, environment: str, progress: Progress) -> Preview:
    """Apply the base of one environment, unless that was done before, and preview the head on it.

    Args:
        base: what is compared with. Where it has no such environment, everything is new.
        head: what is compared; has a stack file that is well-formed.
        environment: the stack.
        progress: what people see.

    Raises:
        GroundplanError: no root rights (exit code 3), or one of the programs failed (4).
    """
    require_root()
    region = _region(head.stack_file(environment))
    known = world_id(environment) in {world.id for world in worlds.list()}
    world = worlds.create(world_id(environment), environment, region, "aws") if not known else None
    world = world or worlds.load(world_id(environment))
    if not _is_warm(world, base, region):
        if known or leftovers.find(world.id):
            take_down(world.id, progress)
            (world.folder / "world.json").unlink(missing_ok=True)
        world = worlds.create(world.id, environment, region, "aws")
        with worlds.lock(world), progress.step(f"{environment}: apply {base.short} in a rehearsal"):
            _apply(world, base, progress)
    with worlds.lock(world), progress.step(f"{environment}: preview on it"):
        return preview_head(world, head)


def _region(stack_file: Path) -> str:
    """Region of a stack file that may be of another version of the program than ours."""
    return str(yaml.safe_load(stack_file.read_text(encoding="utf-8"))["config"]["aws:region"])


def _mark(world: World) -> Path:
    return world.data / "applied-base.json"


def _is_warm(world: World, base: Checkout, region: str) -> bool:
    try:
        mark = json.loads(_mark(world).read_text())
    except (FileNotFoundError, ValueError):
        return False
    running = all(processes.alive(world, engine.name) for engine in engines_of(world))
    return running and mark == _facts(world, base) and (world.region, world.scope) == (region, "aws")


def _facts(world: World, base: Checkout) -> dict[str, object]:
    """What an applied base depends on; the account is in the emulator's memory and ends with its process."""
    return {"commit": base.commit, "emulator_pid": processes.pid(world, "emulator")}


def start_engines(world: World, progress: Progress) -> None:
    """Start what a rehearsal consists of, unless it runs."""
    toolbox = Toolbox(cache_folder(), progress.note)
    supervisor.start(
        world,
        toolbox,
        engines_of(world),
        lambda event: progress.note(f"{event.engine} {event.state}"),
    )


def _apply(world: World, base: Checkout, progress: Progress) -> None:
    start_engines(world, progress)

    def show(tally: Tally) -> None:
        if tally.done % _NOTE_EVERY == 0:
            progress.note(f"{tally.done} resources done, {tally.begun - tally.done} at work")

    if base.stack_file(world.environment).exists():
        _write_release(world, base)
        stack.run(world, "up", show, base.stack_file(world.environment), base.folder)
    _mark(world).write_text(json.dumps(_facts(world, base)))


def _write_release(world: World, checkout: Checkout) -> None:
    images = dict.fromkeys(checkout.services, _NO_DIGEST)
    world.release_manifest.write_text(json.dumps({"images": images}))


def preview_head(world: World, head: Checkout) -> Preview:
    """Preview the AWS half of a program on the state that a rehearsal holds; its images have no digests.

    Raises:
        GroundplanError: the program failed, or its provider (exit code 4). A refusal to delete what is
            protected is no failure.
    """
    _write_release(world, head)
    words = ["pulumi", "preview", "--json", "--show-sames", "--non-interactive"]
    words += ["--stack", world.environment, "--exclude", stack.KUBERNETES]
    variables = shell.environment(world)
    variables["GROUNDPLAN_STACK_FILE"] = str(head.stack_file(world.environment))
    done = subprocess.run(
        words,
        executable=str(world.bin / "pulumi"),
        cwd=head.folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    (world.logs / "preview.json").write_text(done.stdout)
    if done.returncode and not _only_refused(done.stdout):
        raise GroundplanError(
            f"The preview of {world.environment} failed.",
            log="\n".join(_reasons(done.stdout) or (done.stderr or done.stdout).splitlines()[-_LOG_LINES:]),
            hint=f"Correct it, then run the same command again. All of it: {world.logs / 'preview.json'}",
            exit_code=ExitCode.DEPLOYMENT,
        )
    return parse_preview(done.stdout, f"the preview of {world.environment}")


def _only_refused(document: str) -> bool:
    """Whether it failed for nothing but the protection of resources, which is an answer."""
    try:
        preview = Preview.model_validate_json(document)
    except ValueError:
        return False
    return bool(preview.refused) and not preview.errors


def _reasons(document: str) -> list[str]:
    try:
        return list(Preview.model_validate_json(document).errors)
    except ValueError:
        return []
