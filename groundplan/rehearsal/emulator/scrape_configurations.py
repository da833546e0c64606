"""What a managed collector takes for a scrape configuration: a part of what Prometheus takes.

https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-collector-how-to.html#AMP-collector-configuration
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import yaml

_LEAST_INTERVAL_S = 30
_SECTIONS = {"global", "scrape_configs"}
_DISCOVERY = {"kubernetes_sd_configs", "static_configs"}
_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - a path
_UNITS_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


def problems_in(blob: str) -> Iterator[str]:
    """Yield one sentence for each thing in a configuration that a managed collector cannot do.

    Args:
        blob: the configuration, YAML in base64.
    """
    try:
        configuration = yaml.safe_load(base64.b64decode(blob, validate=True))
    except (ValueError, yaml.YAMLError) as error:
        yield f"it is not YAML in base64: {error}"
        return
    if not isinstance(configuration, dict) or not configuration.get("scrape_configs"):
        yield "it has no scrape_configs"
        return
    yield from _unknown_sections(configuration)
    yield from _wrong_jobs(configuration)


def _unknown_sections(configuration: dict[str, Any]) -> Iterator[str]:
    yield from (f"section {name} is not supported" for name in sorted(configuration.keys() - _SECTIONS))
    interval = (configuration.get("global") or {}).get("scrape_interval")
    yield from _wrong_interval("global", interval)


def _wrong_jobs(configuration: dict[str, Any]) -> Iterator[str]:
    for job in configuration["scrape_configs"]:
        name = job.get("job_name") or "a job without a name"
        yield from _wrong_interval(name, job.get("scrape_interval"))
        discovery = {key for key in job if key.endswith("_configs") and "relabel" not in key}
        yield from (f"{name}: {key} is not supported" for key in sorted(discovery - _DISCOVERY))
        login = job.get("authorization") or {}
        if login and (login.get("type", "Bearer"), login.get("credentials_file")) != ("Bearer", _TOKEN):
            yield f"{name}: authorization must be Bearer, with {_TOKEN}"
        targets = [target for one in job.get("static_configs") or [] for target in one["targets"]]
        yield from (f"{name}: {target} is no IP address" for target in targets if not _is_address(target))


def _wrong_interval(where: str, interval: str | None) -> Iterator[str]:
    if interval is not None and _seconds(interval) < _LEAST_INTERVAL_S:
        yield f"{where}: scrape_interval must be at least {_LEAST_INTERVAL_S}s"


def _seconds(duration: str) -> float:
    """Of a duration as Prometheus writes it, e.g. `1m30s`; 0 for anything else."""
    if not re.fullmatch(r"(\d+(ms|[smhdwy]))+", duration):
        return 0
    return sum(int(amount) * _UNITS_S[unit] for amount, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration))


def _is_address(target: str) -> bool:
    try:
        ip_address(target.rpartition(":")[0] or target)
    except ValueError:
        return False
    return True
