"""The cgroups of a rehearsal, on folders that look like the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundplan.rehearsal import cgroups


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    """Hierarchies of version 1, two controllers of which share one, beside the bare version 2."""
    for hierarchy in ("cpu,cpuacct", "cpuset", "memory", "unified"):
        (tmp_path / hierarchy).mkdir()
    (tmp_path / "cpu").symlink_to("cpu,cpuacct")
    (tmp_path / "cpuset" / "cpuset.cpus").write_text("0-1\n")
    (tmp_path / "cpuset" / "cpuset.mems").write_text("0\n")
    return tmp_path


def test_version_1_gets_one_in_every_hierarchy(version_1: Path) -> None:
    """Also a second time; and the cpuset may use what the machine may."""
    cgroups.create("groundplan-x", version_1)
    cgroups.create("groundplan-x", version_1)
    hierarchies = ("cpu,cpuacct", "cpuset", "memory", "unified")
    assert sorted(cgroups.folders("groundplan-x", version_1)) == [
        version_1 / name / "groundplan-x" for name in hierarchies
    ]
    assert (version_1 / "cpuset" / "groundplan-x" / "cpuset.cpus").read_text() == "0-1\n"


def test_version_2_hands_its_controllers_down(tmp_path: Path) -> None:
    """The controllers that pods need are enabled, as far as the kernel has them."""
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids rdma\n")
    cgroups.create("groundplan-x", tmp_path)
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+cpu +cpuset +memory +pids +io"
    assert cgroups.folders("groundplan-x", tmp_path) == [tmp_path / "groundplan-x"]


def test_processes_are_found_at_any_depth(version_1: Path) -> None:
    """Pods sit deeper than the cgroup itself."""
    pod = version_1 / "memory" / "groundplan-x" / "kubepods" / "pod1"
    pod.mkdir(parents=True)
    (pod / "cgroup.procs").write_text("41\n42\n")
    assert cgroups.processes("groundplan-x", version_1) == {41, 42}


def test_remove_takes_the_whole_tree_and_nothing_else(version_1: Path) -> None:
    """Children go before parents, and a neighbour stays."""
    (version_1 / "memory" / "groundplan-x" / "kubepods" / "pod1").mkdir(parents=True)
    (version_1 / "memory" / "groundplan-y").mkdir()
    cgroups.remove("groundplan-x", version_1)
    assert cgroups.folders("groundplan-x", version_1) == []
    assert (version_1 / "memory" / "groundplan-y").exists()
