"""The files of a rehearsal's shell."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from groundplan.errors import GroundplanError
from groundplan.rehearsal import leftovers, processes, shell
from groundplan.rehearsal.world import PROJECT_ROOT, World

_STACK_FILE = PROJECT_ROOT / "stacks" / "Pulumi.dev.yaml"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world whose folder has a blank and a quote in its name."""
    return World(id="t", environment="dev", region="eu-central-1", slot=63, folder=tmp_path / "it's here")


def _script(world: World) -> tuple[Path, Path]:
    """The script, before a program that tells what it was called with."""
    home = world.engine_data("pulumi")
    (home / "bin").mkdir(parents=True)
    (home / "project").mkdir()
    (home / "project" / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:salt\n")
    real = home / "bin" / "pulumi"
    real.write_text('#!/bin/sh\necho "$PULUMI_OPTION_CONFIG_FILE|$*"\n')
    real.chmod(0o755)
    script = world.folder / "pulumi"
    script.write_text(shell.pulumi_script(world, home))
    return script, home


def test_pulumi_gets_a_salted_copy_of_the_stack_file(world: World) -> None:
    """The copy is the user's file as it is now plus the salt; arguments come through as they were typed."""
    script, home = _script(world)
    shown = subprocess.run(["sh", script, "up", "a b"], check=True, capture_output=True, text=True).stdout
    assert shown == f"{home / 'Pulumi.dev.yaml'}|up a b\n"
    assert (home / "Pulumi.dev.yaml").read_text() == _STACK_FILE.read_text() + "\nencryptionsalt: v1:salt\n"


def test_the_key_of_an_account_is_left_out(world: World, tmp_path: Path) -> None:
    """A stack whose secrets a key of KMS protects is rehearsed with a passphrase: the key is not here."""
    script, home = _script(world)
    of_account = tmp_path / "Pulumi.dev.yaml"
    of_account.write_text("secretsprovider: awskms://alias/state\nencryptedkey: AQIB\nconfig: {}\n")
    variables = {"PATH": os.environ["PATH"], "GROUNDPLAN_STACK_FILE": str(of_account)}
    subprocess.run(["sh", script, "up"], check=True, capture_output=True, env=variables)
    assert (home / "Pulumi.dev.yaml").read_text() == "config: {}\n\nencryptionsalt: v1:salt\n"


def test_another_file_takes_the_place_of_the_stack_file(world: World, tmp_path: Path) -> None:
    """Settings can be rehearsed before they are written."""
    script, home = _script(world)
    (tmp_path / "tried it.yaml").write_text("config: {}\n")
    variables = {"PATH": os.environ["PATH"], "GROUNDPLAN_STACK_FILE": str(tmp_path / "tried it.yaml")}
    subprocess.run(["sh", script, "up"], check=True, capture_output=True, env=variables)
    assert (home / "Pulumi.dev.yaml").read_text() == "config: {}\n\nencryptionsalt: v1:salt\n"


def test_config_works_on_the_users_file(world: World) -> None:
    """`pulumi config set` must not end in a copy that the next run throws away."""
    script, home = _script(world)
    shown = subprocess.run(["sh", script, "config", "get"], check=True, capture_output=True, text=True).stdout
    assert shown == "|config get\n"
    assert not (home / "Pulumi.dev.yaml").exists()


@pytest.fixture
def ready(world: World) -> World:
    """A world whose emulator and providers have said where they are, and whose shell is prepared."""
    world.run.mkdir(parents=True)
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    (world.run / "credentials.json").write_text(json.dumps(dict.fromkeys(names, "x")))
    for engine in shell.PROVIDERS.values():
        (world.run / f"{engine}.port").write_text("1\n")
    world.engine_data("pulumi").mkdir(parents=True)
    (world.engine_data("pulumi") / "prepared").touch()
    return world


def test_what_a_person_starts_in_the_shell_is_theirs(ready: World) -> None:
    """Only what the rehearsal starts carries its mark: `rehearse down` ends by that mark."""
    marked = shell.child_environment(ready)
    assert marked.pop(processes.MARKER) == ready.id
    assert marked == shell.environment(ready)
    variables = {**os.environ, **shell.environment(ready)}
    with subprocess.Popen(["sleep", "60"], env=variables) as persons:
        assert not [line for line in leftovers.find(ready.id).processes if line.startswith(f"{persons.pid} ")]
        leftovers.remove(ready.id)
        assert persons.poll() is None
        persons.kill()


def test_world_that_does_not_run_is_explained(world: World) -> None:
    """The error names the engine and the command that starts it."""
    with pytest.raises(GroundplanError, match="emulator") as failure:
        shell.environment(world)
    assert "groundplan rehearse run dev" in str(failure.value)
