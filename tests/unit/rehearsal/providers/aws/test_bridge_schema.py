"""Tests of the file that holds the reduced schema of the AWS provider."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from groundplan.rehearsal.providers.aws import bridge_schema

WRITERS = 6
RESOURCES = {
    f"aws:s3/bucket{number}:Bucket": {"inputProperties": {"bucket": {"type": "string"}}, "properties": {}}
    for number in range(500)
}
SCHEMA: dict[str, Any] = {"resources": RESOURCES, "functions": {}, "types": {}, "provider": {}}


def test_rehearsals_that_begin_together_write_the_same_file(tmp_path: Path) -> None:
    """On a new machine all of them find no file; none may disturb another one, and nothing else is left."""
    file, failures = tmp_path / "schema.db", []
    begin = threading.Barrier(WRITERS)

    def write() -> None:
        begin.wait()
        try:
            bridge_schema.save(SCHEMA, file)
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name]
