"""Train on two pods; kill one in mid-run; prove that the result is that of an unbroken run."""

from __future__ import annotations

import json
from typing import Any

from groundplan.rehearsal.scenario import jobs
from groundplan.rehearsal.scenario.stage import Stage

BROKEN = "digits-broken"
UNBROKEN = "digits-unbroken"
TIMEOUT_S = 420
KILL_AFTER_CHECKPOINTS = 2


def train_with_kill(stage: Stage) -> None:
    """Kill one worker once two checkpoints are there; the run resumes from the newest and ends."""
    forget(stage, BROKEN)
    jobs.submit(stage, stage.tenant["training"], BROKEN)
    stage.progress.note("waiting for checkpoints")
    stage.wait(
        f"{KILL_AFTER_CHECKPOINTS} checkpoints of {BROKEN}",
        lambda: len(checkpoint_steps(stage, BROKEN)) >= KILL_AFTER_CHECKPOINTS,
        timeout_s=TIMEOUT_S,
        every_s=0.2,
    )
    victim = _worker(stage, BROKEN, index=1)
    stage.run(
        f"kubectl delete pod {victim} --namespace {stage.tenant['namespace']} --force --grace-period=0 2>&1"
    )
    killed_at = max((point["step"] for point in curve(stage, BROKEN)), default=0)
    stage.progress.note(f"killed {victim} at step {killed_at}")
    jobs.wait_until_done(stage, BROKEN, timeout_s=TIMEOUT_S, watch=lambda: _note_progress(stage, BROKEN))
    events = _events(stage, BROKEN)
    points = [event for event in events if event["event"] == "step"]
    redone = steps_redone(points)
    interval = checkpoint_interval(stage)
    stage.record.figures |= {
        "run": BROKEN,
        "curve": points,
        "victim": victim,
        "killed_at_step": killed_at,
        "steps_redone": redone,
        "checkpoint_interval_steps": interval,
    }
    stage.record.check(
        "steps redone after the kill", expected=f"<= {interval}", actual=redone, passed=redone <= interval
    )
    stage.record.check(
        "the run was really broken and resumed",
        expected="more than one attempt",
        actual=f"{len({point['attempt'] for point in points})} attempts",
        passed=len({point["attempt"] for point in points}) > 1,
    )
    newest, resumed_at = resumption(events)
    stage.record.check(
        "step at which the run resumed: its newest checkpoint", expected=newest, actual=resumed_at
    )


def train_unbroken(stage: Stage) -> None:
    """The same run without a kill gives the same weights, bit for bit."""
    forget(stage, UNBROKEN)
    jobs.submit(stage, stage.tenant["training"], UNBROKEN)
    jobs.wait_until_done(stage, UNBROKEN, timeout_s=TIMEOUT_S, watch=lambda: _note_progress(stage, UNBROKEN))
    broken, unbroken = result(stage, BROKEN), result(stage, UNBROKEN)
    stage.record.figures |= {"run": UNBROKEN, "curve": curve(stage, UNBROKEN), **unbroken}
    stage.record.check(
        "SHA-256 of all final weights, broken run and unbroken run",
        expected=unbroken["weights_sha256"],
        actual=broken["weights_sha256"],
    )


def forget(stage: Stage, run: str) -> None:
    """Remove what an interrupted rehearsal left of a run of this name: it would resume from it."""
    bucket = stage.outputs["lake"]["checkpoints"]
    stage.run(f"aws s3 rm --recursive --only-show-errors s3://{bucket}/vision/{run}/", quiet=True)


def _worker(stage: Stage, run: str, *, index: int) -> str:
    label = "batch.kubernetes.io/job-completion-index"
    found = [pod for pod in jobs.pods(stage, run) if pod.metadata.labels.get(label) == str(index)]
    return found[-1].metadata.name


def checkpoint_steps(stage: Stage, run: str) -> list[int]:
    """Steps at which a run has published a checkpoint."""
    keys = _keys(stage, f"vision/{run}/")
    return sorted(
        int(part.removeprefix("step-"))
        for key in keys
        if key.endswith("/manifest.json")
        for part in key.split("/")
        if part.startswith("step-")
    )


def checkpoint_interval(stage: Stage) -> int:
    """Steps between two checkpoints, as the job template says."""
    namespace, template = stage.tenant["namespace"], stage.tenant["training"]
    path = (
        "{.spec.jobTemplate.spec.template.spec.containers[0]"
        ".env[?(@.name=='CHECKPOINT_INTERVAL_STEPS')].value}"
    )
    line = f'kubectl get cronjob {template} --namespace {namespace} --output=jsonpath="{path}"'
    return int(stage.run(line))


def curve(stage: Stage, run: str) -> list[dict[str, Any]]:
    """Step, loss, time and attempt of each training step that rank 0 did, in the order it did them."""
    return [event for event in _events(stage, run) if event["event"] == "step"]


def resumption(events: list[dict[str, Any]]) -> tuple[int | None, int | None]:
    """The newest checkpoint before a run's first resumption, and the step that it resumed from."""
    for event in events:
        if event["event"] == "resume":
            earlier = [e for e in events if e["event"] == "checkpoint" and e["attempt"] < event["attempt"]]
            return max((checkpoint["step"] for checkpoint in earlier), default=None), event["step"]
    return None, None


def _events(stage: Stage, run: str) -> list[dict[str, Any]]:
    lines = []
    for key in sorted(_keys(stage, f"vision/{run}/metrics/")):
        body = _object(stage, key).decode()
        lines += [json.loads(line) for line in body.splitlines()]
    return sorted(lines, key=lambda line: line["time"])


def steps_redone(points: list[dict[str, Any]]) -> int:
    """How many steps an attempt did that were done before: the most of all attempts.

    On a busy machine a run may be interrupted again while it comes back. Each interruption may cost an
    interval of checkpoints; the sum of several says nothing.
    """
    attempts = sorted({point["attempt"] for point in points})
    steps = [{point["step"] for point in points if point["attempt"] == attempt} for attempt in attempts]
    before: set[int] = set()
    most = 0
    for done in steps:
        most = max(most, len(done & before))
        before |= done
    return most


def result(stage: Stage, run: str) -> dict[str, Any]:
    """What a run says of itself at its end: steps, accuracy, and the SHA-256 of its final weights."""
    return json.loads(_object(stage, f"vision/{run}/final/result.json"))


def _note_progress(stage: Stage, run: str) -> None:
    steps = checkpoint_steps(stage, run)
    stage.progress.note(f"{run}: checkpoint at step {steps[-1]}" if steps else f"{run}: starting")


def _keys(stage: Stage, prefix: str) -> list[str]:
    pages = stage.s3.get_paginator("list_objects_v2")
    bucket = stage.outputs["lake"]["checkpoints"]
    return [
        item["Key"]
        for page in pages.paginate(Bucket=bucket, Prefix=prefix)
        for item in page.get("Contents", [])
    ]


def _object(stage: Stage, key: str) -> bytes:
    return stage.read_object(stage.outputs["lake"]["checkpoints"], key)
