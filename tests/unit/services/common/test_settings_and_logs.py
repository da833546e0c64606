"""Settings from the environment, logs as JSON, bounded retries."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from groundplan_common import logs
from groundplan_common.errors import DataError, SettingsError
from groundplan_common.retry import retry
from ingest.settings import IngestSettings
from training.settings import TrainingSettings

GOOD = {"LAKE_RAW_URI": "s3://raw/vision", "LAKE_CURATED_URI": "s3://curated/vision/", "DATASET": "digits"}


def test_settings_come_from_variables() -> None:
    """A field is read from the variable of its name; others are ignored."""
    settings = IngestSettings.from_environment({**GOOD, "HOME": "/root"})
    assert settings.lake_curated_uri == "s3://curated/vision"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"DATASET": ""}, "DATASET is not set"),
        ({"LAKE_RAW_URI": "bucket"}, "LAKE_RAW_URI='bucket': must look like s3://bucket/prefix"),
        ({"DATASET": "Digits!"}, "DATASET='Digits!'"),
    ],
)
def test_a_wrong_variable_is_named_with_its_value(change: dict[str, str], message: str) -> None:
    """The message says which variable, what it holds, and what is allowed."""
    with pytest.raises(SettingsError, match=message):
        IngestSettings.from_environment({**GOOD, **change})


def test_numbers_out_of_range_are_refused() -> None:
    """All wrong variables are named at once."""
    with pytest.raises(SettingsError, match=r"RENDEZVOUS_PORT='0'.*EPOCHS='many'"):
        TrainingSettings.from_environment({"RENDEZVOUS_PORT": "0", "EPOCHS": "many"})


@pytest.fixture
def root_logger() -> Iterator[None]:
    """Give the handlers of the root logger back after a test that sets them."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.usefixtures("root_logger")
def test_an_error_ends_a_service_with_one_line_and_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback: a log line in JSON, a summary in JSON, the exit code of the error."""

    def main() -> int:
        raise DataError("broken.csv is truncated.", hint="Upload it again.")

    assert logs.run("ingest", main) == 1
    line, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["level"], line["hint"]) == ("error", "Upload it again.")
    assert (summary["ok"], summary["error"]) == (False, "DataError")


def test_retry_gives_up_after_its_time() -> None:
    """What passes is tried again; what does not pass ends with the last error."""
    failures = iter([ValueError("1"), ValueError("2")])

    def action() -> str:
        for failure in failures:
            raise failure
        return "done"

    assert retry(action, transient=lambda _: True, within_s=5) == "done"
    with pytest.raises(ZeroDivisionError):
        retry(lambda: 1 // 0, transient=lambda _: True, within_s=0)
    with pytest.raises(ZeroDivisionError):
        retry(lambda: 1 // 0, transient=lambda _: False, within_s=60)
