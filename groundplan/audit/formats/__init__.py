"""The same report in the formats that people, CI systems and auditors read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from groundplan.audit.formats import html, junit, oscal, sarif
from groundplan.audit.report import Audit


def _json(audit: Audit) -> str:
    return audit.model_dump_json(indent=2) + "\n"


WRITERS: Mapping[str, Callable[[Audit], str]] = {
    "audit.json": _json,
    "audit.html": html.render,
    "audit.sarif": sarif.render,
    "junit.xml": junit.render,
    "oscal-assessment-results.json": oscal.render,
}
"""File name to what writes it."""
