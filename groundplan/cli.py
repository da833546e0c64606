"""The `groundplan` command."""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from groundplan.errors import ExitCode, GroundplanError
from groundplan.progress import Progress, console
from groundplan.rehearsal.recovery.cli import recovery
from groundplan.standby.cli import standby
from groundplan.state.cli import app as state_app

if TYPE_CHECKING:
    from groundplan.rehearsal.rehearse import Outcome

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="An AI platform on AWS that you can rehearse, whole, before you pay for a GPU.",
)
rehearse_app = typer.Typer(
    no_args_is_help=True, help="Run the whole platform on real engines on this machine."
)
rehearse_app.command("recovery")(recovery)
app.add_typer(rehearse_app, name="rehearse")
app.add_typer(state_app, name="state")
app.command("standby")(standby)

INTERRUPTED = 130
"""What typer makes of Ctrl-C."""

Environment = Annotated[str, typer.Argument(help="The stack: a file stacks/Pulumi.<environment>.yaml.")]
RehearsalId = Annotated[str, typer.Argument(help="Name of the rehearsal.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Id = Annotated[
    str | None,
    typer.Option(
        "--id", help="Name of the rehearsal (default: the environment). Several can live side by side."
    ),
]


@app.command()
def doctor(as_json: Json = False) -> None:
    """List every tool, right and resource that a rehearsal needs, and how to get what is missing.

    Example: groundplan doctor --json
    """
    from groundplan.doctor import examine

    checks = examine()
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        table = Table("", "what", "found", "needed", "remedy", box=None)
        for check in checks:
            table.add_row(
                "[green]✓[/]" if check.ok else "[red]✗[/]",
                check.name,
                check.found,
                check.needed,
                check.remedy,
            )
        console.print(table)
    raise typer.Exit(ExitCode.OK if all(check.ok for check in checks) else ExitCode.GENERIC)


@app.command()
def check(environment: Environment, as_json: Json = False) -> None:
    """Check the settings of a stack without starting anything.

    Example: groundplan check dev
    """
    from groundplan.settings import load_stack

    stack = load_stack(environment)
    if as_json:
        typer.echo(stack.settings.model_dump_json(indent=2))
    else:
        console.print(f"[green]✓[/] {stack.path} is well-formed.")


@app.command()
def plan(
    figures: Annotated[Path, typer.Argument(metavar="FIGURES.yaml", help="File of use-case figures.")],
    as_json: Json = False,
    chart: Annotated[Path | None, typer.Option(help="Write the monthly bill as a chart to this SVG.")] = None,
    refresh_prices: Annotated[
        bool, typer.Option("--refresh-prices", help="Fetch prices from AWS, and keep them.")
    ] = False,
) -> None:
    """Size a platform for use cases and price a month of it, before anything is created.

    Ends with 5 if the plan cannot work or wastes money.

    Example: groundplan plan docs/how-to/figures.yaml --chart plan.svg
    """
    from groundplan.plan.command import run

    run(figures, as_json=as_json, chart=chart, refresh_prices=refresh_prices)


@app.command()
def audit(
    environment: Annotated[str | None, typer.Argument(help="The stack whose state is audited.")] = None,
    state: Annotated[Path | None, typer.Option(help="A file made by `pulumi stack export`.")] = None,
    preview: Annotated[
        Path | None, typer.Option(help="A file made by `pulumi preview --json --show-sames`.")
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="Audit what its account holds now (a refreshed copy of the state)."),
    ] = False,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Audit the live objects of its cluster.")
    ] = False,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="Show the same state to checkov, and compare.")
    ] = False,
    prowler: Annotated[
        bool,
        typer.Option("--prowler", help="Ask prowler, too, about the account of this shell (minutes)."),
    ] = False,
    rules: Annotated[bool, typer.Option("--rules", help="List the controls, and judge nothing.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write page, JSON, SARIF, JUnit and OSCAL here.")] = None,
    waivers: Annotated[Path | None, typer.Option(help="Another register of waivers.")] = None,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Judge waivers as of another day.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge a stack by the controls in policies/: pass, fail or not evaluated, with evidence.

    Ends with 5 if a mandatory control is broken or left open, a waiver has expired, or an auditor's other
    opinion has no answer in policies/second_opinion.yaml.

    Examples:
        groundplan audit prod --out audits/prod

        groundplan audit prod --second-opinion

        groundplan audit --state state.json --json

        groundplan audit prod --live

        groundplan audit dev --cluster
    """
    from groundplan.audit import command

    if rules:
        command.list_rules(as_json=as_json)
        return
    source, drift = command.source_of(environment, state, preview, live=live, cluster=cluster)
    request = command.Request(
        as_json=as_json,
        out=out,
        waivers=waivers,
        today=today.date() if today else None,
        drift=drift,
        second_opinion=second_opinion,
        prowler=prowler,
    )
    command.run(source, request)


@app.command()
def diff(
    base: Annotated[
        str | None, typer.Argument(help="The commit to compare with.", show_default=False)
    ] = None,
    environment: Annotated[
        list[str] | None,
        typer.Option("--env", "--environment", help="A stack; again for more (default: all)."),
    ] = None,
    from_preview: Annotated[
        Path | None,
        typer.Option(help="Read this output of `pulumi preview --json --show-sames`, and rehearse nothing."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the page with everything to this file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the comment to this file as well.")] = None,
    as_json: Json = False,
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="End with 7 if anything would change.")
    ] = False,
) -> None:
    """Show what the working tree would do to every environment, against a commit; needs no cloud account.

    Ends with 5 if a mandatory policy is newly broken.

    Examples:
        groundplan diff origin/main

        groundplan diff origin/main --env prod --html diff.html

        groundplan diff --from-preview preview.json
    """
    from groundplan.preview.command import Request, run

    run(
        Request(
            base=base,
            environments=tuple(environment or ()),
            from_preview=from_preview,
            page=html,
            comment=markdown,
            as_json=as_json,
            expect_no_changes=expect_no_changes,
        )
    )


@app.command()
def upgrade(
    version: Annotated[
        str | None, typer.Option("--from", help="The release to come from (default: the latest).")
    ] = None,
    environment: Annotated[
        list[str] | None,
        typer.Option("--env", "--environment", help="A stack; again for more (default: all)."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the page with everything to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Show what this version would do to stacks that a released version made; needs no cloud account.

    Ends with 7 if anything that holds data, or is protected, would be replaced or deleted.

    Examples:
        groundplan upgrade

        groundplan upgrade --from 0.1.0 --env prod --html upgrade.html
    """
    from groundplan.upgrade.command import Request, run

    run(Request(version=version, environments=tuple(environment or ()), page=html, as_json=as_json))


@rehearse_app.command("run")
def rehearse_run(
    environment: Environment,
    rehearsal_id: Id = None,
    until: Annotated[str | None, typer.Option(help="Stop after this step and leave all running.")] = None,
    only: Annotated[
        Literal["aws"] | None, typer.Option(help="Rehearse this half of the stack alone, without a cluster.")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--deployer-policy", help="Let the deployer do what these policies allow, and nothing else."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Play the whole scenario; goes on where an interrupted run stopped.

    Examples:
        groundplan rehearse run dev

        groundplan rehearse run prod --only aws

        groundplan rehearse run dev --id mine --until serve

        groundplan rehearse run prod --only aws --deployer-policy policies.json
    """
    from groundplan.rehearsal.deployer_policy import documents_in
    from groundplan.rehearsal.rehearse import rehearse
    from groundplan.rehearsal.scenario.player import first_error

    default_id = f"{environment}-{only}" if only else environment

    def show(outcome: Outcome) -> None:
        if as_json:
            typer.echo(json.dumps([record.as_json() for record in outcome.records], indent=2))
        else:
            _print_outcome(outcome)

    outcome = rehearse(
        environment,
        rehearsal_id or default_id,
        Progress(),
        until,
        only or "all",
        policies=documents_in(policy) if policy else (),
        show=show,
    )
    error = first_error(outcome.records)
    if error:
        raise error


def _print_outcome(outcome: Outcome) -> None:
    table = Table("step", "seconds", "checks", "", box=None)
    for record in outcome.records:
        passed = sum(check.passed for check in record.checks)
        good = passed == len(record.checks) and record.status == "done"
        mark = "[green]✓[/]" if good else f"[red]✗[/] {record.status}"
        table.add_row(record.title, f"{record.seconds:.0f}", f"{passed}/{len(record.checks)}", mark)
    console.print(table)
    figures = Table("figure", "", box=None)
    for label, value in outcome.headline.items():
        figures.add_row(label, value)
    if outcome.headline:
        console.print(figures)
    console.print(f"Report: {outcome.report}", soft_wrap=True)


@rehearse_app.command("env")
def rehearse_env(environment: Environment, rehearsal_id: Id = None, as_json: Json = False) -> None:
    """Print the variables of a rehearsal's shell, in which plain `pulumi`, `kubectl` and `aws` work.

    Example: eval "$(groundplan rehearse env dev)"
    """
    from groundplan.rehearsal import shell, worlds

    world = worlds.load(rehearsal_id or environment)
    if world.environment != environment:
        raise GroundplanError(
            f"Rehearsal {world.id!r} is one of {world.environment!r}, not of {environment!r}.",
            hint=f"groundplan rehearse env {world.environment} --id {world.id}",
            exit_code=ExitCode.CONFIG,
        )
    variables = shell.environment(world)
    if as_json:
        typer.echo(json.dumps(variables, indent=2))
    else:
        for name, value in variables.items():
            typer.echo(f"export {name}={shlex.quote(value)}")


@rehearse_app.command("list")
def rehearse_list(as_json: Json = False) -> None:
    """List the rehearsals of this checkout and whether they run.

    Example: groundplan rehearse list
    """
    from groundplan.rehearsal import processes, worlds

    rows = [
        {
            "id": w.id,
            "environment": w.environment,
            "running": processes.alive(w, "emulator"),
            "folder": str(w.folder),
        }
        for w in worlds.list()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("id", "environment", "running", "folder", box=None)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)


@rehearse_app.command("inventory")
def rehearse_inventory(rehearsal_id: RehearsalId, as_json: Json = False) -> None:
    """List what the emulated account holds that was not there when the rehearsal began.

    Example: groundplan rehearse inventory dev
    """
    from groundplan.rehearsal import worlds
    from groundplan.rehearsal.inventory import aws_inventory

    found = aws_inventory(worlds.load(rehearsal_id))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for service, ids in found.items():
        for identifier in ids:
            typer.echo(f"{service} {identifier}")
    console.print(f"{sum(map(len, found.values()))} resources of {len(found)} services.")


@rehearse_app.command("faults")
def rehearse_faults(
    rehearsal_id: RehearsalId,
    throttled: Annotated[float, typer.Option(min=0, max=1, help="Share of calls that are throttled.")] = 0,
    broken: Annotated[float, typer.Option(min=0, max=1, help="Share that fail with 500.")] = 0,
    lost: Annotated[float, typer.Option(min=0, max=1, help="Share that are done, and not answered.")] = 0,
    late_s: Annotated[float, typer.Option(min=0, help="Seconds until reads see what was created.")] = 0,
    expire_after: Annotated[
        int | None, typer.Option(min=0, help="Calls until the credentials have expired.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the dice.")] = 0,
    lost_region: Annotated[str | None, typer.Option(help="A region that answers nobody.")] = None,
    replicated_after_s: Annotated[float, typer.Option(min=0, help="Seconds until S3 has copied.")] = 0,
    as_json: Json = False,
) -> None:
    """Let AWS fail the provider's calls in a running rehearsal; without options, end that.

    Examples:
        groundplan rehearse faults dev --throttled 0.3 --late-s 3

        groundplan rehearse faults prod-aws --lost-region eu-central-1

        groundplan rehearse faults dev
    """
    from groundplan.rehearsal import worlds
    from groundplan.rehearsal.emulator import faults

    wanted = faults.Faults(
        throttled=throttled,
        broken=broken,
        lost=lost,
        late_s=late_s,
        expire_after=expire_after,
        seed=seed,
        lost_region=lost_region,
        lost_since=time.time() if lost_region else 0.0,
        replicated_after_s=replicated_after_s,
    )
    world = worlds.load(rehearsal_id)
    faults.write(faults.faults_file(world), None if wanted == faults.Faults(seed=seed) else wanted)
    if as_json:
        typer.echo(json.dumps(asdict(wanted), indent=2))


@rehearse_app.command("down")
def rehearse_down(rehearsal_id: RehearsalId, as_json: Json = False) -> None:
    """Stop a rehearsal and remove everything it left on this machine; its report stays.

    Example: groundplan rehearse down dev
    """
    from groundplan.rehearsal.rehearse import take_down

    left = take_down(rehearsal_id, Progress())
    if as_json:
        typer.echo(json.dumps({"id": rehearsal_id, "left": asdict(left)}, indent=2))
    if left:
        raise GroundplanError(f"Could not remove all of it: {left}", hint="groundplan doctor")


@app.command("deployer-policy")
def deployer_policy(
    environment: Environment,
    rehearsal_id: Id = None,
    account: Annotated[
        str, typer.Option(help="The AWS account that the policies are for.", metavar="<12 digits>")
    ] = "",
    reader: Annotated[
        bool,
        typer.Option("--reader", help="Of whoever previews it and looks for drift, and changes nothing."),
    ] = False,
) -> None:
    """Print the IAM policies, as a JSON list, of whoever deploys a stack, derived from a rehearsal's calls.

    Examples:
        groundplan deployer-policy prod --account 111122223333

        groundplan deployer-policy prod --reader > reader.json

        groundplan deployer-policy prod --id prod-aws > policies.json
    """
    from groundplan.rehearsal import deployer_policy, worlds
    from groundplan.rehearsal.world import DEPLOYER, READER

    if account and not re.fullmatch(r"\d{12}", account):
        raise GroundplanError(
            f"--account {account!r}: an AWS account is twelve digits.", exit_code=ExitCode.CONFIG
        )
    world = worlds.load(rehearsal_id or f"{environment}-aws")
    documents = deployer_policy.derive(world, READER if reader else DEPLOYER)
    if account:
        documents = deployer_policy.for_account(documents, account)
    typer.echo(json.dumps(documents, indent=2))
    statements = [statement for document in documents for statement in document["Statement"]]
    actions = {action for statement in statements for action in statement["Action"]}
    console.print(f"{len(actions)} actions in {len(documents)} policies, from the rehearsal {world.id}.")


def main() -> None:
    """Run the command; a person's mistake ends in a message and an exit code, never in a traceback."""
    try:
        app()
    except GroundplanError as error:
        console.print(f"[bold red]error:[/] {error.message}", soft_wrap=True)
        if error.log:
            console.print(error.log.rstrip(), style="dim", markup=False, soft_wrap=True)
        if error.hint:
            console.print(f"[bold]next:[/] {error.hint}", soft_wrap=True)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code != INTERRUPTED:
            raise
        console.print("Interrupted. What is finished is kept: run the same command again to go on.")
        sys.exit(ExitCode.CANCELLED)
