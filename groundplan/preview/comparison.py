"""Compares one environment of base and head: AWS in a rehearsal, Kubernetes by recording, and prices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from groundplan.errors import GroundplanError
from groundplan.plan.price_store import prices_for
from groundplan.preview import kubernetes
from groundplan.preview.changes import changes_of, in_order
from groundplan.preview.checkouts import Checkout
from groundplan.preview.policies import policy_delta, why_not_judged
from groundplan.preview.price import PriceDelta, price_delta
from groundplan.preview.rehearsed import preview_on
from groundplan.preview.report import EnvironmentDiff
from groundplan.preview.reviewers import review
from groundplan.preview.values import code
from groundplan.progress import Progress
from groundplan.settings import load_stack
from infra.settings import SettingsError, load_stack_file

_ENGINE_NOTE = "AWS: the base was applied in a rehearsal, and Pulumi's engine previewed the head on it."


def compare_environment(
    base: Checkout, head: Checkout, environment: str, progress: Progress
) -> EnvironmentDiff:
    """What the change does to one environment.

    Raises:
        GroundplanError: wrong settings or a malformed file of the pack (exit code 2), or a program that
            fails (4).
    """
    load_stack(environment)
    with ThreadPoolExecutor(max_workers=1) as beside:
        recording = beside.submit(_objects, base, head, environment)
        preview = preview_on(base, head, environment, progress)
        with progress.step(f"{environment}: compare Kubernetes objects"):
            (before, after), note = recording.result()
    with progress.step(f"{environment}: judge both sides by the policies"):
        policy = policy_delta(environment, preview, before, after)
        unjudged = why_not_judged(preview)
    changes = in_order((*changes_of(preview), *kubernetes.compare_recordings(before, after)))
    price, notes = priced(base, head, environment)
    return EnvironmentDiff(
        environment=environment,
        changes=changes,
        findings=review(changes, preview.refused),
        notes=(_ENGINE_NOTE, note, *notes, *((unjudged,) if unjudged else ())),
        price=price,
        policy=policy,
    )


def priced(base: Checkout, head: Checkout, environment: str) -> tuple[PriceDelta | None, tuple[str, ...]]:
    """Prices of the settings on both sides; or a note that says why there are none."""
    try:
        before = load_stack_file(base.stack_file(environment))
        after = load_stack_file(head.stack_file(environment))
        return price_delta(before, after, prices_for(after.region, refresh=False)), ()
    except SettingsError as error:
        return None, (
            f"{environment} is not priced: {code(error.file)} of one side cannot be read by this version.",
        )
    except GroundplanError as error:
        return None, (f"{environment} is not priced: {error.message}",)


def _objects(base: Checkout, head: Checkout, environment: str) -> tuple[kubernetes.Recordings, str]:
    """Kubernetes objects of both sides, and a note on how they were found; or one on why they were not."""
    try:
        return kubernetes.record_both(base, head, environment), kubernetes.NOTE
    except GroundplanError as error:
        return ({}, {}), f"**Kubernetes objects of {environment} were not compared:** {error.message}"
