"""Bring the digits into the lake, together with a file of rows that must not get there."""

from __future__ import annotations

import csv
import gzip
import io
import json
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet

from groundplan.rehearsal.scenario import jobs
from groundplan.rehearsal.scenario.stage import Stage

DATASET = "digits"
PREFIX = f"vision/{DATASET}"
RUN = "digits-ingest"
TIMEOUT_S = 240
ROWS = 1797
PIXELS = 64
BAD_ROWS = {
    "wrong_number_of_values": ["0"] * PIXELS,
    "not_a_number": ["nan", *["0"] * (PIXELS - 1), "3"],
    "pixel_out_of_range": ["17", *["0"] * (PIXELS - 1), "3"],
    "label_out_of_range": [*["0"] * PIXELS, "10"],
}
"""The reason that a row must be put aside for, and such a row."""


def play(stage: Stage) -> None:
    """Upload, run the ingest job, and compare what the lake holds with what was sent."""
    bucket = stage.outputs["lake"]["raw"]
    for path in (_digits(), _faulty(stage)):
        stage.run(f"aws s3 cp --only-show-errors {path} s3://{bucket}/{PREFIX}/{path.name}")
    jobs.submit(stage, stage.tenant["ingest"], RUN)
    jobs.wait_until_done(stage, RUN, timeout_s=TIMEOUT_S)
    manifest = newest_manifest(stage)
    good = sum(part["rows"] for part in manifest["parts"])
    bad = sum(source["rows_bad"] for source in manifest["sources"])
    stage.record.figures |= {
        "data_version": manifest["version"],
        "rows": good,
        "rows_in_quarantine": bad,
        "files": len(manifest["parts"]),
        "schema": manifest["columns"],
    }
    stage.record.check("rows in the lake", expected=ROWS, actual=good)
    stage.record.check("rows in quarantine", expected=len(BAD_ROWS), actual=bad)
    reasons = [json.loads(line)["reason"] for line in _quarantine(stage, manifest).splitlines()]
    stage.record.check("reasons of the rows in quarantine", expected=list(BAD_ROWS), actual=reasons)


def _digits() -> Path:
    """The digits that come with scikit-learn (UCI, 1998): 1,797 rows of 64 pixels and a label."""
    return Path(str(resources.files("sklearn.datasets.data") / "digits.csv.gz"))


def _faulty(stage: Stage) -> Path:
    """A source file in which each row breaks one rule of the schema."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(BAD_ROWS.values())
    path = stage.world.evidence / "files" / "digits-faulty.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    return path


def newest_manifest(stage: Stage) -> dict[str, Any]:
    """The manifest of the data version that training would read now."""
    latest = json.loads(_curated(stage, "_latest.json"))
    return json.loads(_curated(stage, f"v={latest['version']}/_manifest.json"))


def holdout(stage: Stage) -> tuple[Any, Any]:
    """Images ([rows, 64], float32) and labels ([rows]) that training never saw."""
    images, labels = [], []
    for part in newest_manifest(stage)["parts"]:
        if part["split"] == "holdout":
            table = parquet.read_table(io.BytesIO(_curated(stage, part["key"])), partitioning=None)
            images += table.column("pixels").to_pylist()
            labels += [part["label"]] * table.num_rows
    return np.array(images, dtype=np.float32), np.array(labels)


def _quarantine(stage: Stage, manifest: dict[str, Any]) -> str:
    key = manifest["quarantine"]
    return _curated(stage, key).decode() if key else ""


def _curated(stage: Stage, key: str) -> bytes:
    bucket = stage.outputs["lake"]["curated"]
    return stage.read_object(bucket, f"{PREFIX}/{key}")
