"""Tells the emulator that the hour of the backup plans has come: it keeps no calendar."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from groundplan.rehearsal.emulator.backup_jobs import RUN_PLANS

_TIMEOUT_S = 60


def run_backup_plans(
    endpoint_url: str, authority: Path, region: str, age_s: float = 0.0
) -> list[dict[str, Any]]:
    """Let every plan of a region back up and copy; returns the recovery points that it made.

    Args:
        endpoint_url: of the emulator.
        authority: certificate that it is trusted by.
        region: whose plans.
        age_s: how many seconds ago their hour was.
    """
    query = urlencode({"region": region, "age_s": age_s})
    request = Request(f"{endpoint_url}{RUN_PLANS}?{query}", method="POST")  # noqa: S310 - the emulator's own address
    context = ssl.create_default_context(cafile=str(authority))
    with urlopen(request, context=context, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - see above
        return json.load(answer)
