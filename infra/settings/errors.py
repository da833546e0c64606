"""What a person sees when an input file is wrong: every problem at once, each with what is allowed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong in an input file.

    Args:
        key: path of the key, e.g. `groundplan:platform.network.vpc_range`.
        given: the value found there; None if the key is absent.
        wrong: what is wrong with it.
        allowed: what would be right.
    """

    key: str
    given: object = None
    wrong: str
    allowed: str

    def __str__(self) -> str:
        lines = [f"  {self.key}"]
        if self.given is not None:
            lines.append(f"    given:   {_shown(self.given)}")
        lines += [f"    problem: {self.wrong}", f"    allowed: {self.allowed}"]
        return "\n".join(lines)


class SettingsError(Exception):
    """An input file cannot be used.

    Args:
        file: the file, as a person would type it.
        problems: all that is wrong with it, in the order of the file's keys.
        next_step: what to do about it, with the next command.
    """

    def __init__(self, *, file: str, problems: Sequence[Problem], next_step: str) -> None:
        super().__init__(file, problems, next_step)
        self.file = file
        self.problems = tuple(problems)
        self.next_step = next_step

    def __str__(self) -> str:
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        return "\n".join([f"{self.file}: {count}", *map(str, self.problems), f"Next: {self.next_step}"])


def _shown(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:97]}..."  # noqa: PLR2004 - one line of a terminal
