"""The rehearsal's certificate authority, and every certificate, key and kubeconfig that its engines use.

All keys are ECDSA P-256 and readable by their owner only. `ensure` writes what is missing and leaves the
rest, so an interrupted rehearsal keeps its identities.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from groundplan.rehearsal.world import ACCOUNT_ID, CLUSTER_DNS_SUFFIX, SERVICE_NETWORK, World

VALIDITY = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=30)
_LOCAL = IPv4Address("127.0.0.1")

Name = str | IPv4Address


@dataclass(frozen=True)
class Authority:
    """A certificate authority that can sign.

    Args:
        certificate: its self-signed certificate.
        key: its private key.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def node_name(world: World) -> str:
    """Name of the rehearsal's node, in the form that EKS gives nodes."""
    dashed = str(world.node_address).replace(".", "-")
    return f"ip-{dashed}.{world.region}.compute.internal"


def s3_control_host(world: World) -> str:
    """The host that AWS SDKs make of the endpoint's for S3 Control."""
    return f"{ACCOUNT_ID}.{world.node_address}"


def ensure(world: World) -> None:
    """Write what is missing of the certificates, keys and kubeconfigs below `world.pki`.

    All of them are renewed when the authority is about to expire.
    """
    folder = world.pki
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _expires_soon(folder / "ca.crt"):
        for file in folder.iterdir():
            file.unlink()
    authority = _authority(folder, "ca", "groundplan-ca")
    front_proxy = _authority(folder, "front-proxy-ca", "groundplan-front-proxy-ca")
    # etcd serves whoever its authority signed for, so this one signs for the API server alone.
    store = _authority(folder, "etcd-ca", "groundplan-etcd-ca")
    _certificate(folder, "etcd", store, "etcd", names=("localhost", world.node_address, _LOCAL))
    _certificate(folder, "apiserver-etcd-client", store, "kube-apiserver-etcd-client")
    for name, subject_names in _server_names(world).items():
        _certificate(folder, name, authority, name, names=subject_names)
    _certificate(
        folder, "apiserver-kubelet-client", authority, "kube-apiserver-kubelet-client", group="system:masters"
    )
    _certificate(folder, "front-proxy-client", front_proxy, "front-proxy-client")
    _service_account_keys(folder)
    for name, (user, group) in _users(world).items():
        _kubeconfig(world, name, authority, user, group)
    _token_webhook(world)


def read_key(file: Path) -> ec.EllipticCurvePrivateKey:
    """Read a private key that `ensure` wrote."""
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{file} holds no elliptic-curve key")
    return key


def _server_names(world: World) -> dict[str, tuple[Name, ...]]:
    in_cluster = ("kubernetes", "kubernetes.default", "kubernetes.default.svc")
    full = f"kubernetes.default.svc.{CLUSTER_DNS_SUFFIX}"
    return {
        "apiserver": (*in_cluster, full, "localhost", SERVICE_NETWORK[1], world.node_address, _LOCAL),
        "control-plane": ("localhost", world.node_address, _LOCAL),
        "aws": ("localhost", s3_control_host(world), world.node_address, _LOCAL),
        "webhook": ("localhost", world.node_address, _LOCAL),
        "kubelet": (node_name(world), world.node_address, _LOCAL),
    }


def _users(world: World) -> dict[str, tuple[str, str | None]]:
    # The emulator acts for EKS, which rules the whole cluster. RBAC of the others: the names that end in the
    # engine's own name are bound by that engine; the rest are bound by Kubernetes itself.
    return {
        "admin": ("groundplan-admin", "system:masters"),
        "controller-manager": ("system:kube-controller-manager", None),
        "scheduler": ("system:kube-scheduler", None),
        "kubelet": (f"system:node:{node_name(world)}", "system:nodes"),
        "kube-proxy": ("system:kube-proxy", None),
        "kube-router": ("system:kube-router", None),
        "emulator": ("groundplan-emulator", "system:masters"),
        "coredns": ("system:coredns", None),
        "metrics-server": ("system:metrics-server", None),
    }


def _authority(folder: Path, name: str, common_name: str) -> Authority:
    certificate_file, key_file = folder / f"{name}.crt", folder / f"{name}.key"
    if certificate_file.exists():
        return Authority(x509.load_pem_x509_certificate(certificate_file.read_bytes()), read_key(key_file))
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(common_name, None)
    usage = _key_usage(signs_certificates=True)
    certificate = (
        _builder(subject, subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(key_file, _pem(key))
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(certificate, key)


def _certificate(
    folder: Path,
    name: str,
    authority: Authority,
    common_name: str,
    *,
    group: str | None = None,
    names: Sequence[Name] = (),
) -> None:
    """Write `name.key` and `name.crt`: of a server if it has `names`, else of a client."""
    if not (folder / f"{name}.crt").exists():
        key, certificate = _issue(authority, common_name, group=group, names=names)
        _write(folder / f"{name}.key", key)
        _write(folder / f"{name}.crt", certificate)


def _issue(
    authority: Authority, common_name: str, *, group: str | None = None, names: Sequence[Name] = ()
) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
    issuer = authority.certificate
    builder = (
        _builder(_subject(common_name, group), issuer.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
    )
    if names:
        alternatives = [x509.DNSName(n) if isinstance(n, str) else x509.IPAddress(n) for n in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    certificate = builder.sign(authority.key, hashes.SHA256())
    return _pem(key), certificate.public_bytes(serialization.Encoding.PEM)


def _service_account_keys(folder: Path) -> None:
    if not (folder / "sa.pub").exists():
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        _write(folder / "sa.key", _pem(key))
        _write(folder / "sa.pub", public)


def _kubeconfig(world: World, name: str, authority: Authority, user: str, group: str | None) -> None:
    file = world.pki / f"{name}.kubeconfig"
    if file.exists():
        return
    key, certificate = _issue(authority, user, group=group)
    credentials = {"client-certificate-data": _base64(certificate), "client-key-data": _base64(key)}
    ca = authority.certificate.public_bytes(serialization.Encoding.PEM)
    cluster = {"server": world.api_server_url, "certificate-authority-data": _base64(ca)}
    _write(file, _kubeconfig_text(world.namespace, cluster, user, credentials))


def _token_webhook(world: World) -> None:
    file = world.pki / "token-webhook.kubeconfig"
    if not file.exists():
        url = f"https://{_LOCAL}:{world.ports.emulator_webhook}/authenticate"
        cluster = {"server": url, "certificate-authority": str(world.pki / "ca.crt")}
        _write(file, _kubeconfig_text("token-webhook", cluster, "api-server", {}))


def _kubeconfig_text(
    cluster_name: str, cluster: dict[str, str], user: str, credentials: dict[str, str]
) -> bytes:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster_name, "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": cluster_name, "context": {"cluster": cluster_name, "user": user}}],
        "current-context": cluster_name,
    }
    return yaml.safe_dump(document, sort_keys=False).encode()


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # a clock that is set back a little does no harm
        .not_valid_after(now + VALIDITY)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(common_name: str, group: str | None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if group:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(attributes)


def _expires_soon(certificate: Path) -> bool:
    if not certificate.exists():
        return False
    parsed = x509.load_pem_x509_certificate(certificate.read_bytes())
    return parsed.not_valid_after_utc < datetime.now(UTC) + _RENEW_BEFORE


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _write(file: Path, data: bytes) -> None:
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_bytes(data)
    draft.replace(file)
