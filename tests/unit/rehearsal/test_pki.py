"""Certificates and kubeconfigs: they verify, name the right people, and stay."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

from groundplan.rehearsal import pki
from groundplan.rehearsal.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world whose keys and certificates are there."""
    world = World(id="unit", environment="dev", region="eu-central-1", slot=7, folder=tmp_path)
    pki.ensure(world)
    return world


def _certificate(world: World, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((world.pki / f"{name}.crt").read_bytes())


@pytest.mark.parametrize(
    ("authority", "name"),
    [
        ("ca", "apiserver"),
        ("ca", "apiserver-kubelet-client"),
        ("ca", "control-plane"),
        ("ca", "kubelet"),
        ("ca", "webhook"),
        ("front-proxy-ca", "front-proxy-client"),
        ("etcd-ca", "etcd"),
        ("etcd-ca", "apiserver-etcd-client"),
    ],
)
def test_certificates_are_signed_by_their_authority(world: World, authority: str, name: str) -> None:
    """Each certificate verifies against its own authority and fits its key."""
    certificate = _certificate(world, name)
    certificate.verify_directly_issued_by(_certificate(world, authority))
    key = pki.read_key(world.pki / f"{name}.key")
    assert key.public_key() == certificate.public_key()


def test_api_server_is_valid_under_all_its_names(world: World) -> None:
    """Pods and the machine reach it by different names and addresses."""
    alternatives = _certificate(world, "apiserver").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert "kubernetes.default.svc" in alternatives.value.get_values_for_type(x509.DNSName)
    addresses = alternatives.value.get_values_for_type(x509.IPAddress)
    assert {world.node_address, IPv4Address("172.20.0.1"), IPv4Address("127.0.0.1")} <= set(addresses)


@pytest.mark.parametrize(
    ("name", "user", "group"),
    [
        ("admin", "groundplan-admin", "system:masters"),
        ("scheduler", "system:kube-scheduler", None),
        ("kubelet", "system:node:ip-10-199-7-2.eu-central-1.compute.internal", "system:nodes"),
    ],
)
def test_kubeconfig_logs_in_as(world: World, name: str, user: str, group: str | None) -> None:
    """The certificate inside a kubeconfig names user and group as Kubernetes reads them."""
    document = yaml.safe_load((world.pki / f"{name}.kubeconfig").read_text())
    pem = base64.b64decode(document["users"][0]["user"]["client-certificate-data"])
    subject = x509.load_pem_x509_certificate(pem).subject
    groups = [attribute.value for attribute in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == user
    assert groups == ([group] if group else [])
    assert document["clusters"][0]["cluster"]["server"] == "https://10.199.7.2:6443"


def test_only_the_owner_can_read(world: World) -> None:
    """Every file is private, and so is the folder."""
    assert world.pki.stat().st_mode & 0o077 == 0
    for file in world.pki.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file.name


def test_ensure_again_changes_nothing(world: World) -> None:
    """An interrupted rehearsal goes on with the same identities."""
    before = {file.name: file.read_bytes() for file in world.pki.iterdir()}
    pki.ensure(world)
    assert {file.name: file.read_bytes() for file in world.pki.iterdir()} == before


def test_what_is_missing_is_written_again(world: World) -> None:
    """A certificate that an interruption left out is issued by the same authority."""
    (world.pki / "kubelet.crt").unlink()
    pki.ensure(world)
    _certificate(world, "kubelet").verify_directly_issued_by(_certificate(world, "ca"))


def test_expiring_authority_is_replaced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept that would expire in the middle of a rehearsal."""
    before = _certificate(world, "ca").serial_number
    monkeypatch.setattr(pki, "VALIDITY", timedelta(days=10))
    for file in world.pki.iterdir():
        file.unlink()
    pki.ensure(world)
    monkeypatch.undo()
    pki.ensure(world)
    renewed = _certificate(world, "ca")
    assert renewed.serial_number != before
    assert renewed.not_valid_after_utc > datetime.now(UTC) + timedelta(days=300)
    _certificate(world, "apiserver").verify_directly_issued_by(renewed)
