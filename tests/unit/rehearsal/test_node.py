"""What is decided about the node before any engine runs."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from groundplan.errors import GroundplanError
from groundplan.rehearsal import node
from groundplan.rehearsal.world import POD_NETWORK, World


def _world(folder: Path) -> World:
    return World(id="x", environment="dev", region="eu-central-1", slot=3, folder=folder)


def test_node_is_named_as_eks_names_nodes(tmp_path: Path) -> None:
    """By its address and region."""
    assert node.name(_world(tmp_path)) == "ip-10-199-3-2.eu-central-1.compute.internal"


def test_sockets_must_fit_below_the_folder() -> None:
    """The message says by how much the path is too long; the longest that fits is accepted."""
    longest = Path("/" + "f" * (107 - len("/" + "/data/kubelet/pod-resources/kubelet.sock")))
    node.require_short_paths(_world(longest))
    with pytest.raises(GroundplanError, match="3 characters too long"):
        node.require_short_paths(_world(Path(f"{longest}fff")))


def test_pod_network_hands_out_the_rehearsals_range(tmp_path: Path) -> None:
    """Leases are kept in the rehearsal's folder, where a tear-down finds them."""
    folder = node.write_cni_configuration(_world(tmp_path))
    (file,) = folder.glob("*.conflist")
    links = json.loads(file.read_text())["plugins"][0]
    ((pool,),) = links["ipam"]["ranges"]
    assert IPv4Network(pool["subnet"]) == POD_NETWORK
    assert Path(links["ipam"]["dataDir"]).is_relative_to(tmp_path)
