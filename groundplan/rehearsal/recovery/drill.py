"""The steps of the drill: write, lose the region, follow the runbook, measure."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal import shell, stack
from groundplan.rehearsal.emulator import faults
from groundplan.rehearsal.emulator.faults import Faults, faults_file
from groundplan.rehearsal.recovery import runbook
from groundplan.rehearsal.recovery.backups import run_backup_plans
from groundplan.rehearsal.recovery.losses import Mark, against, lake_loss
from groundplan.rehearsal.scenario.player import Step
from groundplan.rehearsal.scenario.record import load_records
from groundplan.rehearsal.scenario.stage import Stage
from groundplan.rehearsal.scenario.steps import engines, platform, teardown
from groundplan.rehearsal.world import ACCOUNT_ID, PROJECT_ROOT, World
from groundplan.settings import load_stack
from groundplan.standby.stack_file import standby_name
from infra.conventions import physical_name
from infra.settings.models import PlatformSettings
from infra.settings.recovery import RecoverySettings

_PREFIX = "recovery-drill"
_PER_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What the drill assumes, because an emulator cannot measure it.

    Args:
        replication_delay_s: how long S3 takes to copy an object to the other region.
        backup_age_minutes: how long ago the last backup was when the region is lost.
        write_s: for how long marked objects are written.
        writes_per_s: how many of them a second.
    """

    replication_delay_s: float = 5.0
    backup_age_minutes: float = 0.0
    write_s: float = 20.0
    writes_per_s: float = 4.0


def steps(assumed: Circumstances) -> tuple[Step, ...]:
    """The drill, in order. What was measured cannot be gone on with: those steps are played in one go."""
    return (
        Step(
            name="prepare",
            title="Get tools and images",
            play=engines.prepare,
            repeat=True,
            engines_run=False,
        ),
        Step(name="engines", title="Start the engines", play=engines.start, repeat=True, engines_run=False),
        Step(name="provision", title="pulumi up in the first region", play=platform.provision),
        Step(name="back-up", title="The hour of the backup", play=partial(back_up, assumed), once=True),
        Step(
            name="lose",
            title="Write to the lake, then lose the region",
            play=partial(lose, assumed),
            once=True,
        ),
        Step(name="recover", title="Follow the runbook in the second region", play=recover, once=True),
        Step(name="measure", title="Hold what was lost against the targets", play=measure, once=True),
        Step(
            name="stop",
            title="Stop the engines, look for left-overs",
            play=teardown.stop,
            engines_run=False,
        ),
    )


def back_up(assumed: Circumstances, stage: Stage) -> None:
    """What the plan does once a day; the copy is in the second region afterwards."""
    world, recovery = stage.world, _recovery(stage.world)
    faults.write(faults_file(world), Faults(replicated_after_s=assumed.replication_delay_s))
    made = run_backup_plans(
        world.aws_endpoint_url,
        world.certificate_authority,
        world.region,
        age_s=assumed.backup_age_minutes * _PER_MINUTE,
    )
    copies = [point for point in made if point["RecoveryPointArn"].split(":")[3] == recovery.region]
    stage.record.check("databases whose backup is in the second region", expected=1, actual=len(copies))
    stage.record.figures["copies"] = [point["RecoveryPointArn"] for point in copies]


def lose(assumed: Circumstances, stage: Stage) -> None:
    """Write marked objects into every replicated zone; then no call to the first region is answered."""
    world, settings = stage.world, _platform(stage.world)
    zones, tenant = cycle(_recovery(world).zones), next(iter(settings.tenants))
    marks: list[Mark] = []
    stage.record.check("the first region answers before", expected=True, actual=_answers(stage, world.region))
    began = time.time()
    while time.time() - began < assumed.write_s:
        zone, key = next(zones), f"{tenant}/{_PREFIX}/{len(marks):06d}.json"
        body = json.dumps({"number": len(marks), "zone": zone}).encode()
        stage.s3.put_object(Bucket=_bucket(world.environment, zone), Key=key, Body=body)
        marks.append(Mark(zone, key, time.time()))
        stage.progress.note(f"{len(marks)} objects written")
        time.sleep(max(0.0, began + len(marks) / assumed.writes_per_s - time.time()))
        if len(marks) == len(_recovery(world).zones):
            # Early enough for the deletion to be over there, too.
            stage.record.figures["deleted"] = _delete_first_of_each_zone(stage, marks)
    lost_at = time.time()
    faults.write(
        faults_file(world),
        Faults(replicated_after_s=assumed.replication_delay_s, lost_region=world.region, lost_since=lost_at),
    )
    stage.record.figures |= {
        "lost_at": lost_at,
        "marks": [asdict(mark) for mark in marks],
        "assumed": asdict(assumed),
    }
    stage.record.check("the first region answers after", expected=False, actual=_answers(stage, world.region))


def _delete_first_of_each_zone(stage: Stage, marks: list[Mark]) -> list[dict[str, Any]]:
    for mark in marks:
        stage.s3.delete_object(Bucket=_bucket(stage.world.environment, mark.zone), Key=mark.key)
    return [asdict(mark) for mark in marks]


def _answers(stage: Stage, region: str) -> bool:
    try:
        client(stage, "ec2", region).describe_vpcs()
    except ClientError:
        return False
    return True


def recover(stage: Stage) -> None:
    """Type what the runbook says, in a copy of the project, and time each section."""
    world, recovery = stage.world, _recovery(stage.world)
    project = _copy_of_project(world)
    values, sections = runbook.sections(runbook.PAGE.read_text(encoding="utf-8"))
    own = {"ENVIRONMENT": world.environment, "AWS_REGION": recovery.region, "ZONES": " ".join(recovery.zones)}
    variables = _as_a_person(world)
    began = time.monotonic()
    for section in sections:
        stage.progress.note(section.title)
        typed = runbook.with_values(values, own) + section.commands
        seconds = _typed(stage, project, variables, section, typed)
        stage.record.figures.setdefault("seconds", {})[section.title] = seconds
    stage.record.figures["recovery_s"] = round(time.monotonic() - began, 2)
    stage.record.check(
        "the first region answers meanwhile", expected=False, actual=_answers(stage, world.region)
    )


def _copy_of_project(world: World) -> Path:
    """Where the stack file of the second region is written: the user's own folder stays as it is."""
    project = world.data / "second-region"
    shutil.rmtree(project, ignore_errors=True)
    for name in ("infra", "stacks"):
        shutil.copytree(PROJECT_ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT_ROOT / "Pulumi.yaml", project)
    (project / ".venv").symlink_to(sys.prefix)
    return project


def _as_a_person(world: World) -> dict[str, str]:
    """The rehearsal's shell, but with the real CLI: the page makes a stack of its own."""
    variables = shell.child_environment(world)
    path = f"{world.engine_data('pulumi') / 'bin'}:{variables['PATH']}"
    return {
        **variables,
        "PATH": path,
        # The `groundplan` of this project, wherever the one on the PATH was installed from.
        "PYTHONPATH": str(PROJECT_ROOT),
        # There is no cluster: the half of Kubernetes is left out, as in `rehearse run --only aws`.
        "PULUMI_OPTION_EXCLUDE": stack.KUBERNETES,
    }


def _typed(
    stage: Stage, project: Path, variables: Mapping[str, str], section: runbook.Section, typed: str
) -> float:
    """Run a section and note it; returns its seconds.

    Raises:
        GroundplanError: a command of it failed; its last lines are shown.
    """
    log = stage.world.logs / "runbook.log"

    def show(line: str) -> None:
        stage.progress.note(f"{section.title}: {line[:100]}")

    run = runbook.run(typed, folder=project, variables=variables, log=log, show=show)
    stage.record.ran(section.commands.strip(), exit_code=run.exit_code, seconds=run.seconds)
    if run.exit_code != 0:
        raise GroundplanError(
            f"The runbook fails at {section.title!r}.",
            log="\n".join(run.lines[-25:]),
            hint=f"All of it: {log}",
            exit_code=ExitCode.DEPLOYMENT,
        )
    return run.seconds


def measure(stage: Stage) -> None:
    """Compare what is in the second region with what was written, and each loss with its target."""
    world, recovery = stage.world, _recovery(stage.world)
    figures = {record.name: record.figures for record in load_records(world.evidence)}
    lost_at = figures["lose"]["lost_at"]
    marks = [Mark(**mark) for mark in figures["lose"]["marks"]]
    deleted = [Mark(**mark) for mark in figures["lose"]["deleted"]]
    found = _found(stage, recovery)
    lake = lake_loss([mark for mark in marks if mark not in deleted], found, lost_at)
    if deleted and lost_at - deleted[-1].written > 2 * figures["lose"]["assumed"]["replication_delay_s"]:
        _check_deletions(stage, deleted, found)  # else they were still under way
    age_s = lost_at - _recovery_point(stage, recovery)
    held = against(
        recovery.targets,
        recovery_s=figures["recover"]["recovery_s"],
        lake=lake,
        database_s=round(age_s, 2),
    )
    stage.record.figures |= {
        "targets": [each.as_json() for each in held],
        "lake": asdict(lake),
        "lake_loss_s": lake.seconds,
        "database_loss_s": round(age_s, 2),
    }
    for each in held:
        expected = f"<= {each.target_s:.0f} s"
        stage.record.check(each.what, expected=expected, actual=f"{each.measured_s} s", passed=each.met)
    faults.write(faults_file(world), None)


def _found(stage: Stage, recovery: RecoverySettings) -> set[tuple[str, str]]:
    """Zone and key of each object of the drill that is whole in the recovered lake."""
    world, found = stage.world, set()
    s3 = client(stage, "s3", recovery.region)
    for zone in recovery.zones:
        bucket = _bucket(standby_name(world.environment), zone)
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", []):
                body = json.load(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"])
                if body == {"number": int(Path(item["Key"]).stem), "zone": zone}:
                    found.add((zone, item["Key"]))
    return found


def _check_deletions(stage: Stage, deleted: list[Mark], found: set[tuple[str, str]]) -> None:
    """A deletion of personal data is followed; elsewhere a replica is the way back from a mistake."""
    there = sorted(mark.zone for mark in deleted if (mark.zone, mark.key) in found)
    expected = sorted(mark.zone for mark in deleted if mark.zone != "raw")
    stage.record.check("zones that still have what was deleted", expected=expected, actual=there)


def _recovery_point(stage: Stage, recovery: RecoverySettings) -> float:
    """When the data was saved that the recovered database began with, second of Unix time."""
    environment = stage.world.environment
    standby = standby_name(environment)
    state = json.loads(stage.run(f"pulumi stack export --stack {standby}", quiet=True))
    [database] = [r for r in state["deployment"]["resources"] if r["type"] == "aws:rds/cluster:Cluster"]
    arn = database["inputs"]["snapshotIdentifier"]
    point = client(stage, "backup", recovery.region).describe_recovery_point(
        BackupVaultName=physical_name(environment, "backup-copies"), RecoveryPointArn=arn
    )
    stage.record.figures["recovery_point"] = arn
    return point["CreationDate"].timestamp()


def client(stage: Stage, service: str, region: str) -> Any:
    """A client of the deployer in a region; it asks once."""
    variables = stage.shell_environment
    return boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
        region_name=region,
    ).client(
        service,
        endpoint_url=stage.world.aws_endpoint_url,
        verify=str(stage.world.certificate_authority),
        config=Config(retries={"total_max_attempts": 1}),
    )


def require_second_region(environment: str) -> RecoverySettings:
    """What a stack says about its second region.

    Raises:
        GroundplanError: nothing.
    """
    recovery = load_stack(environment).settings.platform.recovery
    if recovery is None:
        raise GroundplanError(
            f"stacks/Pulumi.{environment}.yaml: groundplan:platform.recovery is missing, so there is nothing "
            "to recover from.",
            hint="groundplan rehearse recovery prod",
            exit_code=ExitCode.CONFIG,
        )
    return recovery


def _platform(world: World) -> PlatformSettings:
    return load_stack(world.environment).settings.platform


def _recovery(world: World) -> RecoverySettings:
    return require_second_region(world.environment)


def _bucket(environment: str, zone: str) -> str:
    return physical_name(environment, zone, ACCOUNT_ID)
