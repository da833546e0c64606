"""What a finished run leaves behind; its presence means that there is nothing left to do."""

from __future__ import annotations

from groundplan_common.errors import CorruptArtefact, ObjectMissing
from groundplan_common.storage import ObjectStore
from pydantic import BaseModel, ConfigDict, ValidationError

_KEY = "final/result.json"


class RunResult(BaseModel):
    """The outcome of a run; `weights_sha256` is of the weights alone, so equal runs have equal ones."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    run_id: str
    model_version: int
    data_version: str
    steps: int
    holdout_accuracy: float
    weights_sha256: str
    seconds_last_attempt: float
    world_size: int


def save_result(run: ObjectStore, result: RunResult) -> None:
    """Declare the run finished; the last thing it does."""
    run.put(_KEY, result.model_dump_json(indent=2).encode())


def load_result(run: ObjectStore) -> RunResult | None:
    """Return the result of a run, or None while it is not finished. Raises `CorruptArtefact`."""
    try:
        return RunResult.model_validate_json(run.get(_KEY))
    except ObjectMissing:
        return None
    except ValidationError as error:
        message = f"{run.describe(_KEY)} is corrupt: {error.errors()[0]['msg']}."
        raise CorruptArtefact(
            message, hint="Remove it: the run then ends again from its last checkpoint."
        ) from error
