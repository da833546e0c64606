"""`groundplan standby`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def standby(
    environment: Annotated[str, typer.Argument(help="A stack with `recovery` in its settings.")],
    database_snapshot: Annotated[
        str, typer.Option(help="ARN of the copied snapshot that the database begins with.")
    ],
    out: Annotated[Path | None, typer.Option(help="Write it to this file, and print nothing.")] = None,
) -> None:
    """Print the stack file that brings an environment up in its second region.

    The runbook says when and how: docs/runbooks/recover-in-the-second-region.md

    Example: groundplan standby prod --database-snapshot arn:... --out stacks/Pulumi.prod-dr.yaml
    """
    from groundplan.files import write
    from groundplan.standby.stack_file import standby_stack_file

    text = standby_stack_file(environment, database_snapshot)
    if out:
        write(out, "--out", text)
    else:
        typer.echo(text, nl=False)
