"""Job templates: CronJobs, suspended where people and pipelines start the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_kubernetes.batch.v1.CronJob import CronJob

from infra.kubernetes.pods import Workload

if TYPE_CHECKING:
    from pulumi_kubernetes.batch.v1 import JobSpecArgsDict, PodFailurePolicyArgsDict
    from pulumi_kubernetes.core.v1 import PodSpecArgsDict

_KEPT_S = 24 * 3600
"""How long a finished run and its logs can be looked at."""
_SETTINGS_EXIT_CODE = 2
"""What our services exit with when an environment variable is wrong: another attempt would end alike."""


def job_template(
    workload: Workload,
    *,
    pod: PodSpecArgsDict,
    retries: int,
    timeout_s: int,
    schedule: str | None = None,
    opts: pulumi.ResourceOptions,
    **more: Any,
) -> CronJob:
    """Register a template; `kubectl create job NAME --from=cronjob/<service>` starts a run.

    Without a schedule it is suspended: a run is somebody's decision, and no difference to what Pulumi knows.

    Args:
        workload: what runs.
        pod: its pod; restarts `Never`, so that each attempt leaves its logs.
        retries: failed pods that are replaced before the run has failed. Drained nodes do not count.
        timeout_s: a run that takes longer is stopped.
        schedule: when runs start by themselves, as cron has it, in UTC.
        opts: where it belongs.
        more: further fields of the Job.
    """
    failures: PodFailurePolicyArgsDict = {
        "rules": [
            {"action": "Ignore", "on_pod_conditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {
                "action": "FailJob",
                "on_exit_codes": {"operator": "In", "values": [_SETTINGS_EXIT_CODE]},
            },
        ]
    }
    job: JobSpecArgsDict = {
        "backoff_limit": retries,
        "active_deadline_seconds": timeout_s,
        "ttl_seconds_after_finished": _KEPT_S,
        "pod_failure_policy": failures,
        "template": {
            "metadata": {"labels": workload.pod_labels},
            "spec": pod,
        },
        **more,
    }
    return CronJob(
        f"{workload.tenant}-{workload.service}",
        metadata=workload.metadata(workload.service),
        spec={
            "suspend": schedule is None,
            "schedule": schedule or "0 3 * * *",
            "time_zone": "Etc/UTC",
            "concurrency_policy": "Forbid",
            "job_template": {"metadata": {"labels": workload.pod_labels}, "spec": job},
        },
        opts=opts,
    )
