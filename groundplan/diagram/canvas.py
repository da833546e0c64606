"""A small canvas: boxes and lines of text, as SVG. Sizes are in pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Literal

Kind = Literal["page", "zone", "card", "edge", "network", "compute", "data", "lake", "guard", "tenant"]
Tone = Literal["title", "head", "text", "small"]

SIZES: dict[Tone, float] = {"title": 26, "head": 13.5, "text": 12, "small": 11}
_WIDE = 0.56
"""Width of a letter of a system font, in its size; a little more than most have."""
_STYLE = """
    .page { fill: #ffffff; }
    .zone { fill: #f6f8fa; stroke: #d0d7de; stroke-dasharray: 4 4; }
    .card { fill: #f6f8fa; stroke: #d0d7de; }
    .edge { fill: #fdeef3; stroke: #db5585; }
    .network { fill: #ffffff; stroke: #3b82f6; stroke-width: 1.5; }
    .compute { fill: #e9f8ef; stroke: #22a06b; }
    .data { fill: #e8f1ff; stroke: #3b82f6; }
    .lake { fill: #e6f6f8; stroke: #1797a8; }
    .guard { fill: #f3eefc; stroke: #8250df; }
    .tenant { fill: #fff7e6; stroke: #f59e0b; }
    .title, .head { font-weight: 600; fill: #1c2128; }
    .text { fill: #24292f; }
    .small { fill: #57606a; }
    .line { stroke: #68707a; stroke-width: 1.5; fill: none; marker-end: url(#tip); }
"""


def fitted(text: str, tone: Tone, room: float) -> str:
    """The text, or as much of it as there is room for."""
    letters = int(room / (SIZES[tone] * _WIDE))
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


@dataclass
class Canvas:
    """What is drawn so far.

    Args:
        label: what the picture shows, for those who cannot see it.
        width: of the page.
    """

    label: str
    width: int
    _parts: list[str] = field(default_factory=list)

    def box(self, kind: Kind, x: float, y: float, wide: float, high: float) -> None:
        """A box with round corners."""
        self._parts.append(
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" rx="8"/>'
        )

    def text(self, tone: Tone, x: float, y: float, text: str, room: float) -> None:
        """One line of text that begins at `x`, on the base line `y`; what has no room is left out."""
        shown = fitted(text, tone, room)
        whole = "" if shown == text else f"<title>{escape(text)}</title>"
        place = f'x="{x:g}" y="{y:g}" font-size="{SIZES[tone]:g}"'
        self._parts.append(f'<text class="{tone}" {place}>{whole}{escape(shown)}</text>')

    def arrow(self, path: str) -> None:
        """A line with a tip, by an SVG path."""
        self._parts.append(f'<path class="line" d="{path}"/>')

    def svg(self, height: float) -> str:
        """The whole picture."""
        body = "\n  ".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {height:g}" role="img"'
            f' aria-label="{escape(self.label)}" font-family="system-ui, sans-serif">\n'
            f"  <style>{_STYLE}  </style>\n"
            '  <defs><marker id="tip" markerWidth="9" markerHeight="9" refX="7" refY="4" orient="auto">'
            '<path d="M0,0 L8,4 L0,8 z" fill="#68707a"/></marker></defs>\n'
            f'  <rect class="page" width="{self.width}" height="{height:g}"/>\n  {body}\n</svg>\n'
        )
