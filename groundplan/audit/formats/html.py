"""One self-contained page: opens from a file, with no network."""

from __future__ import annotations

from collections import defaultdict

from groundplan.audit.report import Audit, ControlFact
from groundplan.pages import templates


def render(audit: Audit) -> str:
    """Verdict, figures, what blocks, each framework, each control with its evidence."""
    environment = templates("groundplan.audit")
    return environment.get_template("audit.html.j2").render(audit=audit, frameworks=_frameworks(audit))


def _frameworks(audit: Audit) -> dict[str, dict[str, list[ControlFact]]]:
    """Framework to control id of the framework to our controls that answer it."""
    table: dict[str, dict[str, list[ControlFact]]] = defaultdict(lambda: defaultdict(list))
    for control in audit.controls:
        for name, ids in control.frameworks.items():
            for each in ids:
                table[name][each].append(control)
    return {name: dict(sorted(ids.items())) for name, ids in sorted(table.items())}
