"""Ingest of the real digits: partitions, quarantine, versions, truncated files."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sklearn.datasets
from groundplan_common.dataset import LATEST, load_manifest, read_part
from groundplan_common.errors import CorruptArtefact, DataError
from groundplan_common.storage import ObjectStore, open_store
from ingest.pipeline import ingest

DIGITS = (Path(sklearn.datasets.__file__).parent / "data" / "digits.csv.gz").read_bytes()
LINES = gzip.decompress(DIGITS).decode().splitlines()


@pytest.fixture
def raw(tmp_path: Path) -> ObjectStore:
    """Return where source files lie, still empty."""
    return open_store(f"file://{tmp_path}/raw")


@pytest.fixture
def curated(tmp_path: Path) -> ObjectStore:
    """Return where data versions go, still empty."""
    return open_store(f"file://{tmp_path}/curated")


def contents(store: ObjectStore) -> dict[str, bytes]:
    """Return every object of a store."""
    return {info.key: store.get(info.key) for info in store.scan()}


def test_all_digits_arrive_partitioned(raw: ObjectStore, curated: ObjectStore) -> None:
    """1,797 rows, about a fifth of them held out, by date, split and label, readable and checksummed."""
    raw.put("digits.csv.gz", DIGITS)
    summary = ingest(raw, curated, "digits")
    manifest = load_manifest(curated)
    assert manifest.rows("train") + manifest.rows("holdout") == 1797
    assert 300 <= manifest.rows("holdout") <= 420
    assert summary["rows_quarantined"] == 0
    tables = {part: pq.read_table(io.BytesIO(read_part(curated, part))) for part in manifest.parts}
    assert all(table.num_rows == part.rows for part, table in tables.items())
    assert all(f"/split={part.split}/label={part.label}/part-" in part.key for part in tables)
    part, table = next(iter(tables.items()))
    source_line = LINES[table["line"][0].as_py() - 1].split(",")
    assert [float(cell) for cell in source_line] == [*table["pixels"][0].as_py(), part.label]
    assert table.schema.metadata[b"schema_version"] == b"1"


def test_a_rerun_changes_nothing(raw: ObjectStore, curated: ObjectStore) -> None:
    """Same input, same version, no object written; other input, another version."""
    raw.put("digits.csv.gz", DIGITS)
    first = ingest(raw, curated, "digits")
    before = contents(curated)
    again = ingest(raw, curated, "digits")
    assert (again["data_version"], again["changed"]) == (first["data_version"], False)
    assert contents(curated) == before
    raw.put("more.csv", (LINES[0] + "\n").encode())
    assert ingest(raw, curated, "digits")["data_version"] != first["data_version"]


def test_bad_rows_go_to_quarantine_with_the_reason(raw: ObjectStore, curated: ObjectStore) -> None:
    """Each kind of bad row is put aside with file, line and reason; good rows beside them are taken."""
    cells = LINES[0].split(",")
    bad = [
        ",".join(cells[:-1]),
        ",".join(["nan", *cells[1:]]),
        ",".join(["x", *cells[1:]]),
        ",".join(["17", *cells[1:]]),
        ",".join([*cells[:-1], "10"]),
        ",".join([*cells[:-1], "2.5"]),
    ]
    raw.put("mixed.csv", "\n".join([LINES[0], *bad, LINES[1], ""]).encode())
    summary = ingest(raw, curated, "digits")
    assert (summary["rows_quarantined"], summary["rows_train"], summary["rows_holdout"]) == (6, 2, 0)
    rows = [json.loads(line) for line in curated.get(str(summary["quarantine"])).splitlines()]
    assert [(row["source"], row["line"], row["reason"]) for row in rows] == [
        ("mixed.csv", 2, "wrong_number_of_values"),
        ("mixed.csv", 3, "not_a_number"),
        ("mixed.csv", 4, "not_a_number"),
        ("mixed.csv", 5, "pixel_out_of_range"),
        ("mixed.csv", 6, "label_out_of_range"),
        ("mixed.csv", 7, "label_out_of_range"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("cut.csv.gz", DIGITS[: len(DIGITS) // 2], "is truncated: its gzip stream ends early"),
        ("cut.csv", "\n".join(LINES)[:-100].encode(), "is truncated: it ends in the middle of line 1797"),
        ("other.csv.gz", b"not gzip at all", "is not a sound gzip file"),
        ("empty.csv", b"", "is empty"),
    ],
)
def test_a_broken_file_publishes_nothing(
    raw: ObjectStore, curated: ObjectStore, name: str, content: bytes, problem: str
) -> None:
    """The error names the file and the problem, and the version before stays the latest one."""
    raw.put("digits.csv.gz", DIGITS)
    ingest(raw, curated, "digits")
    before = contents(curated)
    raw.put(name, content)
    with pytest.raises(DataError, match=f"'{name}' {problem}"):
        ingest(raw, curated, "digits")
    assert contents(curated) == before


def test_no_source_and_no_good_row_are_errors(raw: ObjectStore, curated: ObjectStore) -> None:
    """An empty folder, or one with bad rows only, gives no empty data version."""
    with pytest.raises(DataError, match="holds no source file"):
        ingest(raw, curated, "digits")
    raw.put("bad.csv", b"1,2,3\n")
    with pytest.raises(DataError, match="none of 1 rows is good"):
        ingest(raw, curated, "digits")
    assert contents(curated) == {}


def test_a_truncated_part_is_noticed_by_its_reader(raw: ObjectStore, curated: ObjectStore) -> None:
    """Parquet that was cut after it was published fails its checksum and is named."""
    raw.put("digits.csv.gz", DIGITS)
    ingest(raw, curated, "digits")
    part = load_manifest(curated).parts[0]
    curated.put(part.key, curated.get(part.key)[:-10])
    with pytest.raises(CorruptArtefact, match=part.key):
        read_part(curated, part)


def test_a_missing_or_corrupt_pointer_says_what_to_do(curated: ObjectStore) -> None:
    """Before the first ingest the message says so; a damaged pointer is corrupt."""
    with pytest.raises(DataError, match="Run ingest"):
        load_manifest(curated)
    curated.put(LATEST, b"{")
    with pytest.raises(CorruptArtefact, match=LATEST):
        load_manifest(curated)
