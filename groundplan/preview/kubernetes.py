"""Kubernetes objects of base and head, compared without a cluster.

An update with `--exclude` leaves them out, and a cluster would cost minutes. So both programs are run against
no provider, and what they register is compared. That is no engine's diff: defaults of the API server are
unseen. What forces a replacement is known from the same table as in our Kubernetes provider.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from groundplan.errors import ExitCode, GroundplanError
from groundplan.preview import recorder
from groundplan.preview.changes import Change, changes_of
from groundplan.preview.checkouts import Checkout
from groundplan.preview.document import Preview, State, Step
from groundplan.rehearsal.providers.kubernetes.diff import changes as provider_changes
from groundplan.rehearsal.providers.kubernetes.diff import replaced_by, touching

NOTE = (
    "Kubernetes objects were compared by recording what both programs register, without a cluster: "
    "defaults of the API server are unseen, and what depends on computed values counts as equal."
)
_NO_DIGEST = f"sha256:{'0' * 64}"
_TIMEOUT_S = 180
_LOG_LINES = 12

Recordings = tuple[Mapping[str, State], Mapping[str, State]]
"""Objects of the base and of the head, by URN."""


def record_both(base: Checkout, head: Checkout, environment: str) -> Recordings:
    """The Kubernetes objects of one environment on both sides.

    Raises:
        GroundplanError: one of the programs cannot be run (exit code 4).
    """
    before = record(base, environment) if base.stack_file(environment).exists() else {}
    return before, record(head, environment)


def compare_recordings(before: Mapping[str, State], after: Mapping[str, State]) -> tuple[Change, ...]:
    """The changes from one recording to another, by URN."""
    steps = [_step(urn, before.get(urn), after.get(urn)) for urn in dict.fromkeys((*before, *after))]
    found = changes_of(Preview(steps=tuple(steps)))
    return tuple(replace(change, recorded=True) for change in found)


def record(checkout: Checkout, environment: str) -> dict[str, State]:
    """Run the program of a checkout and return the Kubernetes objects that it registers, by URN.

    What a commit registers does not change: it is recorded once.

    Raises:
        GroundplanError: it ended with an error (exit code 4).
    """
    kept = checkout.folder / f".objects-{environment}.json"
    if checkout.commit and kept.exists():
        return _read(json.loads(kept.read_text(encoding="utf-8")))
    objects = _run(checkout, environment)
    if checkout.commit:
        kept.write_text(json.dumps(objects), encoding="utf-8")
    return _read(objects)


def _run(checkout: Checkout, environment: str) -> list[dict[str, Any]]:
    project = yaml.safe_load((checkout.folder / "Pulumi.yaml").read_text(encoding="utf-8"))
    config = yaml.safe_load(checkout.stack_file(environment).read_text(encoding="utf-8"))["config"]
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    with TemporaryDirectory() as scratch:
        release, out = Path(scratch, "release.json"), Path(scratch, "objects.json")
        release.write_text(json.dumps({"images": dict.fromkeys(checkout.services, _NO_DIGEST)}))
        arguments = {
            "project": project["name"],
            "program": str(checkout.folder / project.get("main", ".")),
            "stack": environment,
            "config": json.dumps(texts),
            "out": str(out),
        }
        done = subprocess.run(
            [sys.executable, recorder.__file__, *(f"--{name}={text}" for name, text in arguments.items())],
            cwd=checkout.folder,
            env={**os.environ, "GROUNDPLAN_RELEASE": str(release)},
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
        if done.returncode:
            raise GroundplanError(
                f"The program of {checkout.short or 'the working tree'} cannot be run for {environment}.",
                log="\n".join(done.stderr.splitlines()[-_LOG_LINES:]),
                hint=f"pulumi preview --stack {environment}",
                exit_code=ExitCode.DEPLOYMENT,
            )
        return json.loads(out.read_text(encoding="utf-8"))


def _read(objects: list[dict[str, Any]]) -> dict[str, State]:
    return {item["urn"]: State.model_validate(item) for item in objects}


def _step(urn: str, old: State | None, new: State | None) -> Step:
    if old is None or new is None:
        return Step(op="delete" if new is None else "create", urn=urn, old=old, new=new)
    found = provider_changes(old.inputs, new.inputs)
    unequal = [change for change in found if not _computed_on_both_sides(change.path, old, new)]
    if not unequal:
        return Step(op="same", urn=urn, old=old, new=new)
    group, _, kind = old.type.removeprefix("kubernetes:").partition("/")
    reasons = touching(unequal, replaced_by(*_group_and_kind(group, kind)))
    return Step(
        op="replace" if reasons else "update",
        urn=urn,
        old=old,
        new=new,
        replace_reasons=tuple(sorted(change.property_path for change in reasons)) or None,
    )


def _group_and_kind(group: str, version_and_kind: str) -> tuple[str, str]:
    return ("" if group == "core" else group), version_and_kind.rpartition(":")[2]


def _computed_on_both_sides(path: tuple[str | int, ...], old: State, new: State) -> bool:
    """Two unknown values are taken for equal: what they depend on is compared where it is known."""
    values: list[Any] = [old.inputs, new.inputs]
    for key in path:
        values = [_item(value, key) for value in values]
    return values[0] == values[1]


def _item(value: Any, key: str | int) -> Any:
    try:
        return value[key]
    except (KeyError, IndexError, TypeError):
        return None
