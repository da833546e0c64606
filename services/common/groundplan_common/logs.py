"""Logs as one JSON object a line on stdout, and the summary that a finished container leaves behind."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from groundplan_common.errors import ServiceError

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_TERMINATION_LOG = Path("/dev/termination-log")
_TERMINATION_LIMIT_BYTES = 4096


class JsonFormatter(logging.Formatter):
    """Turns a record, and whatever was passed as `extra`, into one line of JSON."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "message": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(service: str) -> None:
    """Send every log record of this process to stdout as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("boto3", "botocore", "urllib3", "s3transfer"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def summary(facts: dict[str, Any]) -> None:
    """Print `facts` as the last line of stdout and leave them as the container's termination message."""
    line = json.dumps(facts, default=str, sort_keys=True)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    if "KUBERNETES_SERVICE_HOST" in os.environ and os.access(_TERMINATION_LOG, os.W_OK):
        _TERMINATION_LOG.write_bytes(line.encode()[:_TERMINATION_LIMIT_BYTES])


def run(service: str, main: Callable[[], int]) -> int:
    """Run the body of a service; a `ServiceError` becomes one log line, a summary and its exit code."""
    configure(service)
    try:
        return main()
    except ServiceError as error:
        kind = type(error).__name__
        extra = {"hint": error.hint, "error": kind}
        logging.getLogger(service).error(error.message, extra=extra)  # noqa: TRY400 - no traceback for people
        summary({"service": service, "ok": False, "error": kind, "message": str(error)})
        return error.exit_code
