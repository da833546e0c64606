"""Keep states of rehearsals as what this version wrote: python -m groundplan.upgrade.record ID...

Part of a release: docs/how-to/release-a-version.md. The version is that of pyproject.toml; each rehearsal
holds an applied stack: `groundplan rehearse run prod --only aws --id ID --until provision`.
"""

from __future__ import annotations

import sys

from groundplan.progress import Progress
from groundplan.rehearsal import worlds
from groundplan.upgrade.rehearsed import exported
from groundplan.upgrade.released import keep


def main(*ids: str) -> None:
    """Write one file for each rehearsal."""
    progress = Progress()
    for each in ids:
        world = worlds.load(each)
        progress.say(f"{world.environment}: {keep(world.environment, exported(world))}")


if __name__ == "__main__":
    main(*sys.argv[1:])
