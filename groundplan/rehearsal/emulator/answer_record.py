"""Writes down who answers each kind of call of the AWS provider: moto, moto as amended by us, or we."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model
from werkzeug.wrappers import Response

from groundplan.rehearsal.emulator.calls import Call
from groundplan.rehearsal.emulator.enforcement import PROVIDERS_CALL
from groundplan.rehearsal.emulator.patching import Origin, mark, strongest, wrap
from groundplan.rehearsal.world import World

_OUR_CODE = "groundplan."
_FIRST_ERROR = 400


def record_file(world: World) -> Path:
    """Where the emulator of a rehearsal notes it."""
    return world.evidence / "answers.jsonl"


class AnswerRecord:
    """Operations and who answered them, each once, as lines of JSON.

    Args:
        file: where they go; what is there is kept.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = {(call, origin) for call, origins in read(file).items() for origin in origins}

    def note(self, environ: Mapping[str, Any], answer: Response, origins: Collection[Origin]) -> None:
        """Write down who gave an answer, if it is one to the provider, no error, and new."""
        call = environ.get(PROVIDERS_CALL)
        if not isinstance(call, Call) or answer.status_code >= _FIRST_ERROR:
            return
        origin = strongest(origins)
        fact = (f"{get_service_model(call.model).service_id}:{call.operation}", origin)
        if fact not in self._seen:
            self._seen.add(fact)
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a") as lines:
                lines.write(json.dumps(fact) + "\n")


def read(file: Path) -> dict[str, set[Origin]]:
    """Who answered, by service (as its SDKs name it) and operation: `S3:CreateBucket`."""
    found: dict[str, set[Origin]] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        call, origin = json.loads(line)
        found.setdefault(call, set()).add(Origin(origin))
    return found


def install() -> None:
    """Let every response class of ours tell that it is at work."""
    wrap(BaseResponse, "call_action", _tell_whose, only_refuses=True)


def _tell_whose(original: Any, response: Any) -> Any:
    if type(response).__module__.startswith(_OUR_CODE):
        mark(Origin.OURS)
    return original(response)
