"""The commands `groundplan state ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, help="Is the state of a stack whole, who holds its lock, and what can be had back?"
)

_STACK = "The stack, in the backend of this shell."
Stack = Annotated[str, typer.Argument(metavar="ENVIRONMENT", help=_STACK)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command()
def check(
    environment: Annotated[str | None, typer.Argument(help=_STACK)] = None,
    file: Annotated[
        Path | None, typer.Option(help="A state in a file: made by `pulumi stack export`, or a copy.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look for damage in a state before Pulumi asks any provider for anything. Changes nothing.

    Found are: text that is cut off, is no JSON or has another checksum than when it was written, a dependency
    that is missing or comes too late, a resource that is there twice, a format of a newer Pulumi, and a state
    that is older than its copies. Ends with 4 if there is damage.

    Examples:
        groundplan state check prod

        groundplan state check --file state.json --json
    """
    from groundplan.state import command

    command.check(environment, file, as_json=as_json)


@app.command()
def restore(
    environment: Stack,
    copy: Annotated[
        str | None,
        typer.Option(help="Another copy than the newest whole one: a key that check --json lists."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put the newest whole copy of a damaged state back, and say what it does not know.

    Copies are those that Pulumi keeps (before the last write, after each operation) and versions of the
    bucket. The damaged state is kept beside it.

    Examples:
        groundplan state restore prod

        groundplan state restore prod --copy .pulumi/history/groundplan/prod/prod-1795868000.checkpoint.json
    """
    from groundplan.state import command

    command.put_back(environment, copy, as_json=as_json)


@app.command()
def unlock(
    environment: Stack,
    gone_host: Annotated[
        list[str] | None,
        typer.Option("--gone-host", help="A machine that does not run any more; again for more."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take the lock of a dead operation away; the lock of a living one stays, and its owner is named.

    Unlike `pulumi cancel`, which takes every lock away. Owners on other machines cannot be seen: name those
    that are gone.

    Examples:
        groundplan state unlock prod

        groundplan state unlock prod --gone-host ci-runner-7
    """
    from groundplan.state import command

    command.unlock(environment, gone_host or [], as_json=as_json)


@app.command()
def adopt(
    environment: Stack,
    known: Annotated[
        list[str] | None,
        typer.Option("--id", metavar="URN=ID", help="What a person has found; again for more."),
    ] = None,
    from_preview: Annotated[
        Path | None,
        typer.Option(
            "--from-preview",
            help="Also what this preview would create and exists: a file that `pulumi preview --json` wrote.",
        ),
    ] = None,
    clear: Annotated[
        bool, typer.Option("--clear", help="Give up the rest: a person has looked, and there is nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """After a killed or failed operation: take what it had created into the state, then refresh.

    Pulumi notes what it begins to create. What of it exists is found in the account of this shell by name or
    tags. Ends with 7 if something cannot be told; it stays noted, and --id or --clear settles it.

    A provider that fails while it waits for what it created may tell nothing of it: `up` stops with an error
    that it exists already. --from-preview looks for such resources by their tags.

    Examples:
        groundplan state adopt prod

        groundplan state adopt prod --id 'urn:pulumi:prod::groundplan::aws:backup/plan:Plan::daily=8f81f553'

        pulumi preview --json -s prod > preview.json; groundplan state adopt prod --from-preview preview.json
    """
    from groundplan.state import command

    command.adopt(environment, known or [], from_preview, clear=clear, as_json=as_json)
