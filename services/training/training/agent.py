"""The elastic agent of one pod: joins the rendezvous, runs the workers, and rejoins when peers die.

Pod 0 hosts the rendezvous. When another pod dies, pod 0's workers fail, and its agent waits for the pod to
come back. When pod 0 dies, the others lose the rendezvous and join the one that the new pod 0 opens.
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
import time

from groundplan_common.errors import ServiceError
from groundplan_common.storage import ObjectStore
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.elastic.rendezvous import RendezvousError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from training import rendezvous
from training.result import RunResult, load_result
from training.settings import TrainingSettings

log = logging.getLogger("training")
_POLL_INTERVAL_S = 0.5
_SIGNALLED = 128


def work(settings: TrainingSettings, run: ObjectStore) -> RunResult:
    """Take part in the run until its result is there; at once if it is there already.

    Raises:
        ServiceError: the workers failed for good, or the rendezvous did not come back in time.
        SystemExit: the pod was asked to end.
    """
    rendezvous.prepare()
    for _ in range(settings.max_restarts + 1):
        if _wait_for_host(settings, run):
            _launch(settings)
        result = load_result(run)
        if result is not None:
            return result
    raise ServiceError(f"Run {settings.run_id!r} lost its rendezvous {settings.max_restarts + 1} times.")


def _launch(settings: TrainingSettings) -> None:
    try:
        elastic_launch(_config(settings), sys.executable)("-m", "training.worker")
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        times = settings.max_restarts + 1
        raise ServiceError(
            f"Worker {failure.local_rank} failed {times} times: {_message(failure.message)}",
            hint="The log lines of the workers above say more.",
        ) from error
    except SignalException as error:
        log.warning("asked to end", extra={"signal": signal.Signals(error.sigval).name})
        raise SystemExit(_SIGNALLED + error.sigval) from error
    except (RendezvousError, RuntimeError) as error:
        log.warning("lost the rendezvous", extra={"reason": _first_line(error.__cause__ or error)})
        time.sleep(_POLL_INTERVAL_S)


def _config(settings: TrainingSettings) -> LaunchConfig:
    host = settings.job_completion_index == 0
    address = "127.0.0.1" if host else settings.rendezvous_host
    return LaunchConfig(
        min_nodes=settings.node_count,
        max_nodes=settings.node_count,
        nproc_per_node=settings.processes_per_node,
        run_id=settings.run_id,
        rdzv_backend=rendezvous.BACKEND,
        rdzv_endpoint=f"{address}:{settings.rendezvous_port}",
        rdzv_configs={
            "is_host": host,
            "join_timeout": settings.rendezvous_timeout_s,
            "read_timeout": settings.collective_timeout_s,
            # A pod that died is forgotten after 4 missed heartbeats of 3 s.
            "keep_alive_interval": 3,
            "keep_alive_max_attempt": 4,
        },
        max_restarts=settings.max_restarts,
        monitor_interval=0.5,
        local_addr=_own_address(),
    )


def _wait_for_host(settings: TrainingSettings, run: ObjectStore) -> bool:
    """Wait until the rendezvous can be reached; False when the run is finished instead.

    Raises:
        ServiceError: neither happened within `rendezvous_timeout_s`.
    """
    if settings.job_completion_index == 0:
        return True
    deadline = time.monotonic() + settings.rendezvous_timeout_s
    where = (settings.rendezvous_host, settings.rendezvous_port)
    log.info("waiting for the rendezvous", extra={"host": where[0], "port": where[1]})
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(where, timeout=2.0):
                return True
        except OSError:
            if load_result(run) is not None:
                return False
            time.sleep(_POLL_INTERVAL_S)
    raise ServiceError(
        f"No rendezvous at {where[0]}:{where[1]} within {settings.rendezvous_timeout_s} s.",
        hint="Check that pod 0 of the Job runs, and that the network policy lets its peers reach it.",
    )


def _own_address() -> str:
    """Return the address at which peers reach this pod; names of pods may lag behind their addresses."""
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return "127.0.0.1"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _message(recorded: object) -> str:
    text = recorded.get("message", recorded) if isinstance(recorded, dict) else recorded
    return str(text).splitlines()[0] if text else "no message"
