"""Write checked rows as partitioned Parquet with a versioned schema."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq
from groundplan_common.checksums import sha256_bytes
from groundplan_common.dataset import PIXELS, SCHEMA_VERSION, PartFile
from groundplan_common.storage import ObjectStore

from ingest.rows import Row

ROWS_PER_PART = 64
SCHEMA = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("pixels", pa.list_(pa.field("pixel", pa.float32(), nullable=False), PIXELS), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("line", pa.int32(), nullable=False),
    ],
    metadata={"schema_version": SCHEMA_VERSION},
)


def write_parts(store: ObjectStore, prefix: str, rows: Iterable[Row]) -> Iterator[PartFile]:
    """Write rows below `prefix`, by split and label, and yield one entry for the manifest per file."""
    ordered = sorted(rows, key=lambda row: (row.split, row.label, row.source, row.line))
    for (split, label), group in itertools.groupby(ordered, key=lambda row: (row.split, row.label)):
        members = list(group)
        for number, start in enumerate(range(0, len(members), ROWS_PER_PART)):
            chunk = members[start : start + ROWS_PER_PART]
            data = encode(chunk)
            key = f"{prefix}/split={split}/label={label}/part-{number:04d}.parquet"
            store.put(key, data)
            yield PartFile(
                key=key,
                split=split,
                label=label,
                rows=len(chunk),
                size_bytes=len(data),
                sha256=sha256_bytes(data),
            )


def encode(rows: list[Row]) -> bytes:
    """Return rows as the bytes of one Parquet file; split and label are in its path."""
    table = pa.Table.from_pydict(
        {
            "row_id": [row.row_id for row in rows],
            "pixels": [row.pixels for row in rows],
            "source": [row.source for row in rows],
            "line": [row.line for row in rows],
        },
        schema=SCHEMA,
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
