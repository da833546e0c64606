"""What torchrun starts in each process: one worker of the run."""

from __future__ import annotations

import logging
import os
import sys

from groundplan_common import logs
from groundplan_common.errors import ServiceError
from torch.distributed.elastic.multiprocessing.errors import get_error_handler

from training.run import Run
from training.settings import TrainingSettings
from training.workers import joined, make_repeatable


def main() -> int:
    """Take part in the run until it is complete; the agent learns of a failure from the error file."""
    logs.configure("training")
    handler = get_error_handler()
    handler.initialize()
    settings = TrainingSettings.from_environment()
    make_repeatable()
    try:
        with joined(settings.collective_timeout_s) as place:
            Run(settings, place).complete()
    except (ServiceError, RuntimeError) as error:
        handler.record_exception(error)
        logging.getLogger("training").error("worker failed: %s", str(error).splitlines()[0])  # noqa: TRY400 - in the error file
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # PyTorch's threads can abort the process while the interpreter ends (seen after a peer had died), and
    # the agent would take a worker that has finished for one that failed.
    os._exit(code)
