"""Rehearsals: made, found again, locked."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal import worlds
from groundplan.rehearsal.world import Ports, World


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Rehearsals live in a scratch folder, and their slots in another."""
    monkeypatch.setenv("GROUNDPLAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(worlds, "root", lambda: tmp_path / "rehearsals")
    return tmp_path / "rehearsals"


def test_aws_answers_on_its_own_port() -> None:
    """The port of HTTPS is not written: SDKs sign the host without it."""
    world = World(id="a", environment="dev", region="eu-central-1", slot=3, folder=Path("/nowhere"))
    assert world.ports.emulator == 443
    assert world.aws_endpoint_url == "https://10.199.3.2"
    assert replace(world, ports=Ports(emulator=8443)).aws_endpoint_url == "https://10.199.3.2:8443"


def test_world_survives_the_process(root: Path) -> None:
    """What create returns is what load and load_file read."""
    world = worlds.create("one", "dev", "eu-central-1")
    assert worlds.load("one") == world
    assert worlds.load_file(root / "one" / "world.json") == world
    assert worlds.list() == (world,)


def test_create_again_continues(root: Path) -> None:
    """The same id is the same world, and folders that a tear-down took are there again."""
    world = worlds.create("one", "dev", "eu-central-1")
    world.bin.rmdir()
    assert worlds.create("one", "dev", "eu-central-1") == world
    assert (root / "one" / "bin").is_dir()


def test_private_keys_folder_is_private() -> None:
    """Nobody else may look into the folder of keys."""
    world = worlds.create("one", "dev", "eu-central-1")
    assert world.pki.stat().st_mode & 0o077 == 0


def test_rehearsals_get_different_links() -> None:
    """Two worlds never share an address."""
    one, two = worlds.create("one", "dev", "eu-central-1"), worlds.create("two", "prod", "eu-central-1")
    assert not one.link.overlaps(two.link)


@pytest.mark.parametrize("wrong", ["", "Dev", "1st", "-a", "a-", "a_b", "a/b", "..", "x" * 21])
def test_wrong_id_is_refused(wrong: str) -> None:
    """An id that would be no good name of a namespace is a configuration error that says what is allowed."""
    with pytest.raises(GroundplanError, match="lower-case letters") as failure:
        worlds.create(wrong, "dev", "eu-central-1")
    assert failure.value.exit_code == ExitCode.CONFIG


def test_id_of_another_environment_is_refused() -> None:
    """A rehearsal of dev does not become one of prod."""
    worlds.create("one", "dev", "eu-central-1")
    with pytest.raises(GroundplanError, match="not of prod"):
        worlds.create("one", "prod", "eu-central-1")


def test_unknown_rehearsal_names_the_known() -> None:
    """Loading what is not there lists what is."""
    worlds.create("one", "dev", "eu-central-1")
    with pytest.raises(GroundplanError, match=r"'two'.*one"):
        worlds.load("two")


def test_damaged_world_is_named(root: Path) -> None:
    """A world.json that is cut off is a message with its path."""
    worlds.create("one", "dev", "eu-central-1")
    (root / "one" / "world.json").write_text('{"id": "one"')
    with pytest.raises(GroundplanError, match=r"one/world\.json"):
        worlds.load("one")


def test_slot_avoids_networks_and_other_rehearsals() -> None:
    """The first slot that neither a network of the machine nor a rehearsal has."""
    taken = [IPv4Network("10.199.0.0/23"), IPv4Network("192.0.2.0/24")]
    assert worlds.free_slot(taken, used=[2, 4]) == 3


def test_slot_of_another_checkout_is_not_given_twice(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its link need not be there yet; once its folder is gone, the slot is free again."""
    theirs = worlds.create("one", "dev", "eu-central-1")
    monkeypatch.setattr(worlds, "root", lambda: root.with_name("another"))
    assert worlds.create("two", "dev", "eu-central-1").slot != theirs.slot
    shutil.rmtree(theirs.folder)
    assert worlds.create("three", "dev", "eu-central-1").slot == theirs.slot


def test_no_slot_is_left() -> None:
    """A network that covers all links leaves none."""
    assert worlds.free_slot([IPv4Network("10.199.0.0/16")], used=[]) is None


def test_second_holder_is_told_who_the_first_is() -> None:
    """Two commands on one rehearsal: the second names the first one's pid and ends."""
    world = worlds.create("one", "dev", "eu-central-1")
    script = (
        "import sys; from pathlib import Path; from groundplan.rehearsal import worlds\n"
        "with worlds.lock(worlds.load_file(Path(sys.argv[1]))):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(world.folder / "world.json")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(GroundplanError, match=f"pid {holder.pid} "), worlds.lock(world):
            pytest.fail("the lock was given twice")
        holder.communicate()
    with worlds.lock(world):
        pass
