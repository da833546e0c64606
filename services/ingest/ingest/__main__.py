"""Entry point of the container: `python -m ingest`."""

from __future__ import annotations

import sys

from groundplan_common import logs
from groundplan_common.storage import open_store

from ingest.pipeline import ingest
from ingest.settings import IngestSettings


def main() -> int:
    """Bring what is new into the lake; the last line of output is a summary in JSON."""
    settings = IngestSettings.from_environment()
    raw = open_store(settings.lake_raw_uri).child(settings.dataset)
    curated = open_store(settings.lake_curated_uri).child(settings.dataset)
    logs.summary(ingest(raw, curated, settings.dataset))
    return 0


if __name__ == "__main__":
    sys.exit(logs.run("ingest", main))
