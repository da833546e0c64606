"""Entry point of the container: `python -m training`."""

from __future__ import annotations

import sys

from groundplan_common import logs
from groundplan_common.dataset import load_manifest
from groundplan_common.errors import SettingsError
from groundplan_common.storage import open_store

from training.agent import work
from training.fabric import require_fabric
from training.result import load_result
from training.settings import TrainingSettings


def main() -> int:
    """Take part in the run; the last line of output is its result in JSON."""
    settings = TrainingSettings.from_environment()
    if settings.job_completion_index >= settings.node_count:
        raise SettingsError(
            f"JOB_COMPLETION_INDEX={settings.job_completion_index}: allowed 0 to {settings.node_count - 1}, "
            f"as NODE_COUNT={settings.node_count}."
        )
    run = open_store(settings.checkpoints_uri).child(settings.run_id)
    result = load_result(run)
    if result is None:
        if settings.efa_interfaces:
            require_fabric(settings.efa_interfaces)
        # Fail before peers wait for each other, if there is nothing to learn from.
        load_manifest(open_store(settings.lake_curated_uri).child(settings.dataset), settings.data_version)
        result = work(settings, run)
    logs.summary({"service": "training", "ok": True, **result.model_dump()})
    return 0


if __name__ == "__main__":
    sys.exit(logs.run("training", main))
