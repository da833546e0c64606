"""Get the tools and images, and start the engines."""

from __future__ import annotations

import time

from groundplan.rehearsal import images, processes, shell, supervisor, versions
from groundplan.rehearsal.engines import engines_of
from groundplan.rehearsal.scenario.stage import Stage


def prepare(stage: Stage) -> None:
    """Find or build every tool and every image; what the cache holds is not made again."""
    with stage.noted(f"{_command(stage)} --until prepare"):
        _prepare(stage)


def _prepare(stage: Stage) -> None:
    for engine in engines_of(stage.world):
        stage.progress.note(f"{engine.name} {engine.version}")
        began = time.monotonic()
        engine.obtain(stage.toolbox)
        stage.record.figures.setdefault("tool_seconds", {})[engine.name] = round(time.monotonic() - began, 2)
    for name in shell.TOOLS:
        began = time.monotonic()
        stage.toolbox.obtain(name)
        stage.record.figures["tool_seconds"][name] = round(time.monotonic() - began, 2)
    began = time.monotonic()
    release = images.build(stage.toolbox, stage.progress.note)
    stage.record.figures["image_seconds"] = round(time.monotonic() - began, 2)
    stage.record.figures["images"] = dict(release.images)


def start(stage: Stage) -> None:
    """Start every engine in the order of their readiness, then hand the images to the node."""
    with stage.noted(f"{_command(stage)} --until engines"):
        _start(stage)


def _command(stage: Stage) -> str:
    """How a person begins the rehearsal that is being played."""
    world = stage.world
    only = "" if world.scope == "all" else f" --only {world.scope}"
    return f"groundplan rehearse run {world.environment} --id {world.id}{only}"


def _start(stage: Stage) -> None:
    seconds: dict[str, float] = {}
    began = time.monotonic()

    def on_ready(event: supervisor.Event) -> None:
        if event.state == "ready":
            seconds[event.engine] = round(event.seconds, 2)
        stage.progress.note(f"{event.engine} {event.state}")

    engines = engines_of(stage.world)
    supervisor.start(stage.world, stage.toolbox, engines, on_ready)
    stage.record.figures["ready_seconds"] = seconds
    stage.record.figures["engines_seconds"] = round(time.monotonic() - began, 2)
    release = images.build(stage.toolbox, stage.progress.note)
    stage.record.figures["versions"] = versions.used(stage.toolbox, engines, release)
    stage.record.figures["stands_for"] = {engine.name: engine.stands_for for engine in engines}
    stage.record.figures["emulator_pid"] = processes.pid(stage.world, "emulator")
    if stage.world.scope == "aws":  # the program names the images; no node pulls them
        release.write(stage.world.release_manifest)
        return
    stage.progress.note("images into containerd")
    began = time.monotonic()
    images.load(stage.world, stage.toolbox)
    stage.record.figures["load_images_seconds"] = round(time.monotonic() - began, 2)
