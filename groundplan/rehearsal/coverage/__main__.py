"""Record the facts anew: `python -m groundplan.rehearsal.coverage dev staging prod` (root; minutes each)."""

from __future__ import annotations

import sys

from groundplan.errors import ExitCode, GroundplanError
from groundplan.progress import Progress, console
from groundplan.rehearsal.coverage import facts
from groundplan.rehearsal.coverage.record import record


def main() -> int:
    """Play the stacks named as arguments; then `make reference` shows what was seen."""
    environments = sys.argv[1:]
    if not environments:
        console.print(
            "[bold red]error:[/] Name the stacks: python -m groundplan.rehearsal.coverage dev staging prod"
        )
        return ExitCode.CONFIG
    try:
        for environment in environments:
            file = facts.FOLDER / f"{environment}.json"
            facts.save(record(environment, Progress()), file)
            console.print(f"Written: {file}", soft_wrap=True)
    except GroundplanError as error:
        console.print(f"[bold red]error:[/] {error.message}", soft_wrap=True)
        console.print(error.log or error.hint or "", markup=False, soft_wrap=True)
        return error.exit_code
    console.print("Next: make reference")
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
