"""Get the programs that tests run and rehearsals of a stack do not: python -m tests.tools."""

from __future__ import annotations

from groundplan.progress import Progress
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import cache_folder

TOOLS = ("actionlint", "karpenter")


def main() -> None:
    """Build what is not there yet; on a new machine, minutes."""
    toolbox = Toolbox(cache_folder(), Progress().say)
    for name in TOOLS:
        toolbox.obtain(name)


if __name__ == "__main__":
    main()
