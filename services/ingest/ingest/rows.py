"""Check one row of the digits: 64 pixel values from 0 to 16, then the label from 0 to 9."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Literal

from groundplan_common.dataset import CLASSES, PIXEL_MAX, PIXELS, Split

Reason = Literal["wrong_number_of_values", "not_a_number", "pixel_out_of_range", "label_out_of_range"]
_HOLDOUT_SHARE_PERCENT = 20


@dataclass(frozen=True, kw_only=True)
class Row:
    """A good row and where it came from."""

    source: str
    line: int
    pixels: tuple[float, ...]
    label: int

    @property
    def row_id(self) -> str:
        """Return a name that depends on the content alone."""
        content = ",".join(f"{value:g}" for value in (*self.pixels, self.label))
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @property
    def split(self) -> Split:
        """Return the split: by content, so that a row never moves from holdout to train."""
        return "holdout" if int(self.row_id, 16) % 100 < _HOLDOUT_SHARE_PERCENT else "train"


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row put aside, and why."""

    source: str
    line: int
    reason: Reason
    detail: str
    raw: str


def check(source: str, line: int, raw: str) -> Row | BadRow:
    """Turn one line of a source file into a row, or say what is wrong with it."""

    def bad(reason: Reason, detail: str) -> BadRow:
        return BadRow(source=source, line=line, reason=reason, detail=detail, raw=raw)

    cells = raw.split(",")
    if len(cells) != PIXELS + 1:
        return bad("wrong_number_of_values", f"{len(cells)} values, needed {PIXELS + 1}")
    values = []
    for column, cell in enumerate(cells):
        value = _number(cell)
        if value is None:
            return bad("not_a_number", f"column {column}: {cell.strip()!r}")
        values.append(value)
    *pixels, label = values
    for column, value in enumerate(pixels):
        if not 0 <= value <= PIXEL_MAX:
            return bad("pixel_out_of_range", f"column {column}: {value:g}, allowed 0 to {PIXEL_MAX}")
    if label not in range(CLASSES):
        return bad("label_out_of_range", f"{label:g}, allowed 0 to {CLASSES - 1}")
    return Row(source=source, line=line, pixels=tuple(pixels), label=int(label))


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
