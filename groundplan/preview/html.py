"""A diff as one self-contained page."""

from __future__ import annotations

from markupsafe import Markup, escape

from groundplan.pages import templates
from groundplan.preview.findings import Section, Weight, alike
from groundplan.preview.markdown import change_lines
from groundplan.preview.price import LEFT_OUT
from groundplan.preview.report import DiffReport
from groundplan.preview.values import shown


def render(report: DiffReport) -> str:
    """The page; it opens from the file with no network."""
    environment = templates("groundplan.preview")
    environment.filters |= {"codes": _codes, "shown": shown, "line_class": _line_class}
    return environment.get_template("diff.html.j2").render(
        report=report,
        sections=tuple(Section),
        weights=tuple(Weight),
        change_lines=change_lines,
        alike=alike,
        left_out=LEFT_OUT,
    )


def _codes(text: str) -> Markup:
    """What stands between backticks as code; all of it escaped."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def _line_class(line: str) -> str:
    return {"+": "added", "-": "removed", "!": "head"}.get(line[:1], "path")
