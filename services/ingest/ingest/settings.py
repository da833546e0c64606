"""What ingest reads from its environment."""

from __future__ import annotations

from groundplan_common.settings import Name, ServiceSettings, StorageUri


class IngestSettings(ServiceSettings):
    """Source files are below `lake_raw_uri`/`dataset`, the result goes below `lake_curated_uri`/`dataset`."""

    lake_raw_uri: StorageUri
    lake_curated_uri: StorageUri
    dataset: Name
