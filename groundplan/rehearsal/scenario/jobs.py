"""Runs of the tenant's job templates (suspended CronJobs), started as a person would start them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

import kubernetes.client as kubernetes_client

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.scenario.stage import Stage


def submit(stage: Stage, template: str, name: str, variables: Mapping[str, str] | None = None) -> None:
    """Create Job `name` from CronJob `template` of the tenant, with some environment variables changed.

    A run of the same name that an interrupted rehearsal left is removed first.
    """
    namespace = stage.tenant["namespace"]
    stage.run(
        f"kubectl delete job {name} --namespace {namespace} --ignore-not-found --cascade=foreground",
        quiet=True,
    )
    create = f"kubectl create job {name} --namespace {namespace} --from=cronjob/{template}"
    if variables:
        changes = " ".join(shlex.quote(f"{key}={value}") for key, value in variables.items())
        create += (
            f" --dry-run=client --output=json | kubectl set env --local --filename=- --output=json {changes}"
            " | kubectl apply --filename=-"
        )
    stage.run(create)


def pods(stage: Stage, name: str) -> list[Any]:
    """The pods of a run, newest last."""
    found = kubernetes_client.CoreV1Api(stage.cluster).list_namespaced_pod(
        stage.tenant["namespace"], label_selector=f"batch.kubernetes.io/job-name={name}"
    )
    return sorted(found.items, key=lambda pod: pod.metadata.creation_timestamp)


def wait_until_done(
    stage: Stage, name: str, *, timeout_s: float, watch: Callable[[], None] | None = None
) -> None:
    """Wait until a run is complete.

    Args:
        stage: where it runs.
        name: of the Job.
        timeout_s: how long it may take.
        watch: called at each look, for progress.

    Raises:
        GroundplanError: the run failed (its pods' last log lines are shown) or took too long.
    """
    api = kubernetes_client.BatchV1Api(stage.cluster)
    namespace = stage.tenant["namespace"]

    def ended() -> str | None:
        if watch:
            watch()
        status = api.read_namespaced_job_status(name, namespace).status
        for condition in (status.conditions if status else None) or []:
            if condition.type in {"Complete", "Failed"} and condition.status == "True":
                return condition.type
        return None

    try:
        verdict = stage.wait(f"job {name}", ended, timeout_s=timeout_s)
    except GroundplanError as error:
        error.log = _logs(stage, name)
        raise
    if verdict == "Failed":
        raise GroundplanError(f"Job {name} failed.", log=_logs(stage, name), exit_code=ExitCode.DEPLOYMENT)


def _logs(stage: Stage, name: str) -> str:
    """Last lines of each pod of a run, or why it has none."""
    api = kubernetes_client.CoreV1Api(stage.cluster)
    parts = []
    for pod in pods(stage, name):
        parts.append(f"--- pod {pod.metadata.name}: {pod.status.phase}")
        try:
            parts.append(
                api.read_namespaced_pod_log(pod.metadata.name, pod.metadata.namespace, tail_lines=15)
            )
        except kubernetes_client.ApiException as error:
            waiting = [s.state.waiting for s in pod.status.container_statuses or [] if s.state.waiting]
            parts.append("; ".join(f"{w.reason}: {w.message}" for w in waiting) or str(error.reason))
    return "\n".join(parts)
