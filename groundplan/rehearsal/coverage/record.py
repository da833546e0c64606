"""Plays the AWS half of stacks, from nothing to nothing with an update in between, and collects facts."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import yaml

from groundplan.errors import GroundplanError
from groundplan.progress import Progress
from groundplan.rehearsal import stack, supervisor, worlds
from groundplan.rehearsal.coverage import provider_log
from groundplan.rehearsal.coverage.changed import changed_stack
from groundplan.rehearsal.coverage.facts import Facts, TypeFacts
from groundplan.rehearsal.emulator import answer_record
from groundplan.rehearsal.engines import engines_of
from groundplan.rehearsal.engines.aws_provider import AwsProvider
from groundplan.rehearsal.providers.aws.bridge import schema_file
from groundplan.rehearsal.providers.aws.bridge_schema import BridgeSchema
from groundplan.rehearsal.providers.aws.tokens import Tokens
from groundplan.rehearsal.pulumi_events import EventLog, ResourceRun, Tally
from groundplan.rehearsal.rehearse import require_root, take_down
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import PROJECT_ROOT, World, cache_folder
from groundplan.settings import load_stack

_AWS = "aws:"
_NO_DIGEST = f"sha256:{'0' * 64}"
"""No node pulls an image where only the AWS half is played."""
_NOTE_EVERY = 20
_GO_ON = ("--continue-on-error",)
_CREATED = frozenset({"create", "create-replacement"})
_UPDATED = frozenset({"update"})
_REFRESHED = frozenset({"refresh", "same"})
_DESTROYED = frozenset({"delete", "delete-replaced"})


def record(environment: str, progress: Progress) -> Facts:
    """Play a stack and return what was seen.

    Raises:
        GroundplanError: no root rights, or a stack or an engine that fails.
    """
    require_root()
    toolbox = Toolbox(cache_folder(), progress.note)
    facts = Facts(versions={"moto": version("moto")})
    region = load_stack(environment).settings.region
    world = worlds.create(f"cover-{environment}", environment, region, "aws")
    try:
        with worlds.lock(world):
            _play(world, toolbox, facts, progress)
    finally:
        take_down(world.id, progress)
    facts.versions["terraform-provider-aws"] = AwsProvider().version_used(toolbox).partition(" ")[2]
    return facts


def _play(world: World, toolbox: Toolbox, facts: Facts, progress: Progress) -> None:
    provider_log.keep(world)
    images = {file.parent.name: _NO_DIGEST for file in (PROJECT_ROOT / "services").glob("*/Dockerfile")}
    world.release_manifest.write_text(json.dumps({"images": images}))
    supervisor.start(
        world, toolbox, engines_of(world), lambda event: progress.note(f"{event.engine} {event.state}")
    )
    provider = toolbox.path("terraform-provider-aws")
    tokens = Tokens(BridgeSchema(schema_file(toolbox.cache, provider)))
    changed = world.data / "changed.yaml"
    changed.write_text(yaml.safe_dump(changed_stack(world.environment)))
    stages: tuple[tuple[str, stack.Operation, frozenset[str], Path | None], ...] = (
        ("created", "up", _CREATED, None),
        ("refreshed", "refresh", _REFRESHED, None),
        ("updated", "up", _UPDATED, changed),
        ("destroyed", "destroy", _DESTROYED, None),
    )
    for stage, operation, steps, stack_file in stages:
        log = provider_log.file_of(world)
        begin = log.stat().st_size
        events = EventLog(on_tally=_teller(progress))
        with progress.step(f"{world.environment}: {stage}"):
            facts.failures += _run(world, operation, stack_file, events, may_fail=stage == "updated")
        runs = (run for run in events.runs if run.operation in steps)
        calls = provider_log.calls(log, begin, log.stat().st_size)
        _collect(facts, stage, runs, calls, partial(_terraform_type, tokens))
        if stage == "created":
            facts.runs[world.environment] = events.changes.get("create", 0)
    facts.note_answers(answer_record.read(answer_record.record_file(world)))


def _run(
    world: World, operation: stack.Operation, stack_file: Path | None, events: EventLog, *, may_fail: bool
) -> list[str]:
    """Run an operation; an update that the emulator refuses is a fact like others, and is returned.

    Raises:
        GroundplanError: it failed and may not.
    """
    try:
        stack.run(world, operation, stack_file=stack_file, log=events, options=_GO_ON if may_fail else ())
    except GroundplanError:
        if not may_fail:
            raise
    errors = [found for found in events.diagnostics if found.severity == "error" and found.urn]
    return sorted({f"{found.urn.split('::')[2].rpartition('$')[2]}: {found.message}" for found in errors})


def _collect(
    facts: Facts,
    stage: str,
    runs: Iterable[ResourceRun],
    calls: Iterable[provider_log.LoggedCall],
    terraform_type: Callable[[str], str],
) -> None:
    """Add what one operation showed of each resource; what a refresh does is reading."""
    changing, reading = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for each in calls:
        (reading if each.reads else changing)[each.type].add(each.call)
    for run in runs:
        if run.failed or not run.type.startswith(_AWS):
            continue
        of_type, name = facts.types.setdefault(run.type, TypeFacts()), terraform_type(run.type)
        if stage != "refreshed":
            of_type.add(stage, changing[name])
        elif reading[name]:
            of_type.add("read", reading[name])
            of_type.add("refreshed", set())


def _terraform_type(tokens: Tokens, token: str) -> str:
    """What Terraform calls a type: `aws_s3_bucket` for `aws:s3/bucket:Bucket`."""
    name = (tokens.bridged(token) or "").rpartition(":")[2]
    return "aws" + re.sub(r"(?=[A-Z])", "_", name).lower()


def _teller(progress: Progress) -> Callable[[Tally], None]:
    def show(tally: Tally) -> None:
        if tally.done % _NOTE_EVERY == 0:
            progress.note(f"{tally.done} resources done, {tally.begun - tally.done} at work")

    return show
