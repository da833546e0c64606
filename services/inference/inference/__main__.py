"""Entry point of the container: `python -m inference`."""

from __future__ import annotations

import logging
import sys
import time

from groundplan_common import logs
from groundplan_common.registry import Registry
from groundplan_common.signals import StopSignal
from groundplan_common.signatures import open_signer
from groundplan_common.storage import open_store

from inference import backends, health
from inference.config import Serving
from inference.repository import ModelRepository
from inference.settings import InferenceSettings
from inference.supervisor import Supervisor
from inference.triton import Triton

_CHECK_INTERVAL_S = 0.5
_KILL_AFTER_S = 5.0
log = logging.getLogger("inference")


def main() -> int:
    """Serve until asked to end; a tritonserver that dies ends the pod, so that another takes its place."""
    settings = InferenceSettings.from_environment()
    stop = StopSignal().install()
    settings.repository.mkdir(parents=True, exist_ok=True)
    triton = Triton(settings)
    supervisor = _supervisor(settings, triton)
    probes = health.serve(settings.health_port, supervisor.state)
    try:
        triton.start()
        _follow(settings, stop, triton, supervisor)
        log.info("draining", extra={"delay_s": settings.drain_delay_s})
        time.sleep(settings.drain_delay_s)
    finally:
        triton.stop(timeout_s=settings.drain_timeout_s + _KILL_AFTER_S)
        probes.shutdown()
    return 0


def _follow(settings: InferenceSettings, stop: StopSignal, triton: Triton, supervisor: Supervisor) -> None:
    next_look = 0.0
    while not stop.wait(_CHECK_INTERVAL_S):
        triton.check()
        if time.monotonic() >= next_look:
            supervisor.reconcile()
            next_look = time.monotonic() + settings.poll_interval_s


def _supervisor(settings: InferenceSettings, triton: Triton) -> Supervisor:
    backend = backends.choose(settings.triton_home)
    serving = Serving(
        gpu=backends.has_gpu(),
        instances=settings.instances,
        max_batch_size=settings.max_batch_size,
        max_queue_delay_us=settings.max_queue_delay_us,
        max_queue_size=settings.max_queue_size,
        queue_timeout_us=settings.queue_timeout_us,
    )
    log.info("chose the backend", extra={"backend": backend.name, "gpu": serving.gpu})
    signer = open_signer(settings.model_signing_key)
    registry = Registry(open_store(settings.models_uri), settings.model_name, signer)
    repository = ModelRepository(settings.repository, registry, backend, serving)
    return Supervisor(
        registry,
        repository,
        triton,
        alias=settings.model_alias,
        retry_interval_s=settings.retry_interval_s,
    )


if __name__ == "__main__":
    sys.exit(logs.run("inference", main))
