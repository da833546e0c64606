"""The commands of the runbook, as a person in the second region types them, section by section."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from groundplan.rehearsal.world import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "runbooks" / "recover-in-the-second-region.md"
_SECTION = re.compile(r"^## (?P<title>.+?)\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Args:
        title: its heading.
        commands: what is typed.
    """

    title: str
    commands: str


def sections(page: str) -> tuple[str, list[Section]]:
    """The block of values that each shell begins with, and the sections that have commands."""
    found = [
        Section(part["title"], "".join(_COMMANDS.findall(part["text"]))) for part in _SECTION.finditer(page)
    ]
    values, *others = [section for section in found if section.commands]
    return values.commands, others


def with_values(commands: str, values: Mapping[str, str]) -> str:
    """The block of values for another environment.

    Raises:
        ValueError: the block does not set one of them, so that the page and the drill have drifted apart.
    """
    for name, value in values.items():
        commands, count = re.subn(
            rf"^export {name}=.*$", f'export {name}="{value}"', commands, flags=re.MULTILINE
        )
        if count != 1:
            raise ValueError(f"{PAGE.name} sets {name} {count} times, not once")
    return commands
