"""What a rehearsal leaves behind is found and removed: its processes, by their environment."""

from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from groundplan.rehearsal import cgroups, host_rules, leftovers, mounts, processes, worlds


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Rehearsals live in a scratch folder."""
    monkeypatch.setattr(worlds, "root", lambda: tmp_path)
    return tmp_path


def test_nothing_is_left_of_what_never_was() -> None:
    """An unknown rehearsal holds nothing, and that is False."""
    assert not leftovers.find("never-was")


def test_process_without_pid_file_is_found_and_removed() -> None:
    """A process is found by its environment alone, named, and killed; another rehearsal's is not."""
    environment = {**os.environ, processes.MARKER: "lost"}
    other = {**os.environ, processes.MARKER: "lost-too"}
    with (
        subprocess.Popen(["sleep", "60"], env=environment) as ours,
        subprocess.Popen(["sleep", "60"], env=other) as theirs,
    ):
        assert leftovers.find("lost").processes == (f"{ours.pid} sleep 60",)
        assert {"lost", "lost-too"} <= set(leftovers.find_all())
        leftovers.remove("lost")
        assert not leftovers.find("lost")
        assert theirs.poll() is None
        theirs.kill()


def test_the_asking_command_is_no_leftover(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of a rehearsal may run `groundplan`, which carries the marker then and does not kill itself."""
    monkeypatch.setenv(processes.MARKER, "shell")
    program = "from groundplan.rehearsal import leftovers; leftovers.remove('shell'); print('alive')"
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.stdout == "alive\n"


def test_rules_that_name_the_link_are_found() -> None:
    """By interface or address, whole names only; rules about others are not ours."""
    listing = [
        '\tiifname "gp3host" accept',
        '  oifname "gp31host" drop',
        "ip saddr 10.199.3.2 counter",
        "10.199.3.0/30 dev gp3host proto kernel scope link src 10.199.3.1",
        "ip saddr 10.199.30.2 counter",
        "10.0.0.0/8 via 10.1.1.1",
    ]
    found = host_rules.matching(listing, "gp3host", IPv4Network("10.199.3.0/30"))
    assert found == [listing[0].strip(), listing[2], listing[3]]


def test_rules_of_the_machine_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal whose link a rule still names has something left."""
    world = worlds.create("ruled", "dev", "eu-central-1")
    rule = f"add set {world.node_address}"
    monkeypatch.setattr(host_rules, "_lines", lambda argv: [rule] if argv[0] == "ipset" else [])
    assert leftovers.find("ruled").rules == (f"ipset: {rule}",)
    assert leftovers.find("ruled")
    assert set(leftovers.find_all()) >= {"ruled"}


def test_ids_are_learnt_from_mounts_cgroups_and_links(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever kind of thing is left, its rehearsal is named, also without a folder or a process."""
    (root / "net" / "gp7host").mkdir(parents=True)
    (root / "net" / "gp7host" / "ifalias").write_text(f"{root}/linked\n")
    monkeypatch.setattr(leftovers, "_INTERFACES", root / "net")
    point = root / "mounted" / "run" / "x"
    monkeypatch.setattr(mounts, "below", lambda folder: [point] if point.is_relative_to(folder) else [])
    monkeypatch.setattr(cgroups, "names", lambda: ["groundplan-grouped", "system.slice"])
    group = root / "cgroup" / "groundplan-grouped"
    monkeypatch.setattr(cgroups, "folders", lambda name, *_: [group] if name == group.name else [])
    assert {"linked", "mounted", "grouped"} <= set(leftovers.find_all())
