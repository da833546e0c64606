"""From source files to a published data version.

The version is a hash of what came in, so the same input gives the same version, and a rerun changes nothing.
The manifest is written when all else is there, then `_latest.json` is moved: nobody reads a half version.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime

from groundplan_common.dataset import (
    LATEST,
    SCHEMA_VERSION,
    DatasetManifest,
    SourceFile,
    load_manifest,
    manifest_key,
)
from groundplan_common.errors import DataError, ObjectMissing
from groundplan_common.storage import ObjectStore

from ingest.parquet import SCHEMA, write_parts
from ingest.rows import BadRow, Row, check
from ingest.sources import Source, lines, read_sources

log = logging.getLogger("ingest")


def ingest(raw: ObjectStore, curated: ObjectStore, dataset: str) -> dict[str, object]:
    """Publish what lies in `raw` as a data version in `curated`; return a summary.

    Raises:
        DataError: a source file cannot be trusted, or holds no good row. Nothing is published then.
    """
    sources = read_sources(raw)
    version = data_version(sources)
    log.info("found source files", extra={"files": len(sources), "data_version": version})
    if curated.head(manifest_key(version)) is not None:
        _move_latest(curated, version)
        return summarise(load_manifest(curated, version), changed=False)
    checked = [_check_source(source) for source in sources]
    good = [row for file in checked for row in file if isinstance(row, Row)]
    bad = [row for file in checked for row in file if isinstance(row, BadRow)]
    if not good:
        raise DataError(
            f"{raw.uri}: none of {len(bad)} rows is good.", hint="Look at the format of the files."
        )
    quarantine = _put_aside(curated, version, bad)
    today = datetime.now(UTC).date().isoformat()
    parts = tuple(write_parts(curated, f"v={version}/ingest_date={today}", good))
    log.info("wrote Parquet", extra={"files": len(parts), "rows": len(good)})
    manifest = DatasetManifest(
        dataset=dataset,
        version=version,
        schema_version=SCHEMA_VERSION,
        created=datetime.now(UTC),
        columns={field.name: str(field.type) for field in SCHEMA},
        sources=tuple(_describe(source, rows) for source, rows in zip(sources, checked, strict=True)),
        parts=parts,
        quarantine=quarantine,
    )
    curated.put(manifest_key(version), manifest.model_dump_json(indent=2).encode())
    _move_latest(curated, version)
    return summarise(manifest, changed=True)


def data_version(sources: list[Source]) -> str:
    """Return the hash of the names and contents of all source files and of the schema's version."""
    digest = hashlib.sha256(f"schema {SCHEMA_VERSION}\n".encode())
    for source in sources:
        digest.update(f"{source.sha256}  {source.name}\n".encode())
    return digest.hexdigest()[:16]


def summarise(manifest: DatasetManifest, *, changed: bool) -> dict[str, object]:
    """Return the facts about a data version that the log's last line shows."""
    return {
        "service": "ingest",
        "ok": True,
        "changed": changed,
        "dataset": manifest.dataset,
        "data_version": manifest.version,
        "rows_train": manifest.rows("train"),
        "rows_holdout": manifest.rows("holdout"),
        "rows_quarantined": sum(source.rows_bad for source in manifest.sources),
        "quarantine": manifest.quarantine,
        "files": len(manifest.parts),
    }


def _check_source(source: Source) -> list[Row | BadRow]:
    rows = [check(source.name, number, raw) for number, raw in enumerate(lines(source), start=1)]
    reasons = Counter(row.reason for row in rows if isinstance(row, BadRow))
    log.info("checked", extra={"file": source.name, "rows": len(rows), "bad": dict(reasons)})
    return rows


def _describe(source: Source, rows: list[Row | BadRow]) -> SourceFile:
    bad = sum(isinstance(row, BadRow) for row in rows)
    return SourceFile(name=source.name, sha256=source.sha256, rows_good=len(rows) - bad, rows_bad=bad)


def _put_aside(curated: ObjectStore, version: str, bad: list[BadRow]) -> str | None:
    if not bad:
        return None
    key = f"_quarantine/v={version}/rows.jsonl"
    curated.put(key, "".join(json.dumps(asdict(row)) + "\n" for row in bad).encode())
    log.warning("put bad rows aside", extra={"rows": len(bad), "quarantine": curated.describe(key)})
    return key


def _move_latest(curated: ObjectStore, version: str) -> None:
    wanted = json.dumps({"version": version}).encode()
    try:
        if curated.get(LATEST) == wanted:
            return
    except ObjectMissing:
        pass
    curated.put(LATEST, wanted)
