"""Prices for a plan: from AWS and then kept, with their date; else from the offline table."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import cache_folder
from infra.planning.price_api import API_REGION, fetch_prices
from infra.planning.prices import REGION_FACTORS, ComputePrice, PriceTable, offline_prices

FRESH_DAYS = 30
_REFRESH = "run the same command with --refresh-prices, with AWS credentials"


def prices_for(region: str, *, refresh: bool) -> PriceTable:
    """Fetched prices if asked for, else the ones fetched last, else the offline table.

    Raises:
        GroundplanError: AWS refuses (exit code 3), or nothing is known about the region (exit code 2).
    """
    kept = cache_folder() / "prices" / f"{region}.json"
    if refresh:
        table = _fetch(region)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(asdict(table), indent=2), encoding="utf-8")
        return table
    table = _read(kept)
    if table is None:
        table = _offline(region)
    age = (datetime.now(UTC).date() - date.fromisoformat(table.as_of)).days
    if age > FRESH_DAYS:
        table = replace(table, notes=(*table.notes, f"The prices are {age} days old: {_REFRESH}."))
    return table


def _offline(region: str) -> PriceTable:
    if region not in REGION_FACTORS:
        raise GroundplanError(
            f"There are no offline prices of the region {region!r}, only of {', '.join(REGION_FACTORS)}.",
            hint=_REFRESH,
            exit_code=ExitCode.CONFIG,
        )
    return offline_prices(region)


def _read(path: Path) -> PriceTable | None:
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        compute = {name: ComputePrice(**price) for name, price in kept.pop("compute").items()}
        notes = tuple(kept.pop("notes"))
        return PriceTable(compute=compute, notes=notes, **kept)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        # Half a file, or one of another version: as good as none.
        return None


def _fetch(region: str) -> PriceTable:
    import boto3  # noqa: PLC0415 - half a second that only a refresh pays
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as boto3

    # What AWS does not list keeps an estimate: that of the dearest known region.
    known = region if region in REGION_FACTORS else max(REGION_FACTORS, key=lambda name: REGION_FACTORS[name])
    try:
        return fetch_prices(
            region=region,
            pricing=boto3.client("pricing", region_name=API_REGION),
            ec2=boto3.client("ec2", region_name=region),
            now=datetime.now(UTC),
            fallback=offline_prices(known),
        )
    except (BotoCoreError, ClientError) as error:
        raise GroundplanError(
            f"AWS gave no prices of {region}: {error}",
            hint="check `aws sts get-caller-identity` and the rights pricing:GetProducts and "
            "ec2:DescribeSpotPriceHistory; or run without --refresh-prices",
            exit_code=ExitCode.AUTH,
        ) from None
