"""kube-apiserver: the Kubernetes API, set up as EKS sets it up."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

import yaml

from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.engines.probe import Tls, answers
from groundplan.rehearsal.toolchain.tools import pinned_version
from groundplan.rehearsal.world import CLUSTER_DNS_SUFFIX, SERVICE_NETWORK, World

_SECRET_KEY_BYTES = 32
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*", "/version"]},
        {
            "level": "None",
            "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}],
        },
        {"level": "None", "verbs": ["watch"]},
        # The bodies of requests may hold secrets: who did what to which object is enough.
        {"level": "Metadata"},
    ],
}


class KubeApiserver(ProcessEngine):
    """The API server: RBAC and node authorization, IAM logins by webhook, secrets encrypted, audit log."""

    name = "kube-apiserver"
    version = pinned_version("kube-apiserver")
    after = ("etcd",)
    stands_for = "the API server of the EKS control plane"
    ready_timeout_s = 120

    def tools(self) -> tuple[str, ...]:
        """The server, and the command that people and the scenario use with it."""
        return ("kube-apiserver", "kubectl")

    def command(self, world: World) -> Command:
        """All flags; writes the encryption configuration and the audit policy."""
        return Command(
            argv=[
                str(self.toolbox.path("kube-apiserver")),
                "--bind-address=0.0.0.0",
                f"--secure-port={world.ports.api_server}",
                f"--advertise-address={world.node_address}",
                f"--service-cluster-ip-range={SERVICE_NETWORK}",
                "--allow-privileged=true",
                "--profiling=false",
                # Open watches would hold up a stop for a minute: they are ended, and what is left after that
                # is cut off two seconds later.
                "--shutdown-watch-termination-grace-period=1s",
                "--shutdown-send-retry-after=true",
                *_store_flags(world, self.name),
                *_login_flags(world),
                *_service_account_flags(world),
                *_aggregation_flags(world),
                *_audit_flags(world, self.name),
                "--authorization-mode=Node,RBAC",
                "--enable-admission-plugins=NodeRestriction",
            ],
            ports=(world.ports.api_server,),
        )

    def ready(self, world: World) -> bool:
        """Whether `/readyz` says so, bootstrap roles included."""
        tls = Tls(authority=world.pki / "ca.crt")
        return answers(str(world.node_address), world.ports.api_server, "/readyz", tls)


def _store_flags(world: World, engine: str) -> tuple[str, ...]:
    pki = world.pki
    return (
        f"--etcd-servers=https://{world.node_address}:{world.ports.etcd_client}",
        f"--etcd-cafile={pki / 'etcd-ca.crt'}",
        f"--etcd-certfile={pki / 'apiserver-etcd-client.crt'}",
        f"--etcd-keyfile={pki / 'apiserver-etcd-client.key'}",
        f"--encryption-provider-config={_encryption(world.engine_data(engine))}",
    )


def _login_flags(world: World) -> tuple[str, ...]:
    pki = world.pki
    return (
        f"--client-ca-file={pki / 'ca.crt'}",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--kubelet-certificate-authority={pki / 'ca.crt'}",
        f"--kubelet-client-certificate={pki / 'apiserver-kubelet-client.crt'}",
        f"--kubelet-client-key={pki / 'apiserver-kubelet-client.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--authentication-token-webhook-config-file={pki / 'token-webhook.kubeconfig'}",
        "--authentication-token-webhook-version=v1",
        "--authentication-token-webhook-cache-ttl=10s",
    )


def _service_account_flags(world: World) -> tuple[str, ...]:
    # A token for pods.eks.amazonaws.com is checked by a TokenReview that names this audience; it must not be
    # an audience of the API server itself, or the emulated AWS could act in the cluster as the pod.
    issuer = f"https://kubernetes.default.svc.{CLUSTER_DNS_SUFFIX}"
    return (
        f"--service-account-issuer={issuer}",
        f"--service-account-key-file={world.pki / 'sa.pub'}",
        f"--service-account-signing-key-file={world.pki / 'sa.key'}",
        f"--api-audiences={issuer}",
    )


def _aggregation_flags(world: World) -> tuple[str, ...]:
    pki = world.pki
    return (
        f"--requestheader-client-ca-file={pki / 'front-proxy-ca.crt'}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki / 'front-proxy-client.crt'}",
        f"--proxy-client-key-file={pki / 'front-proxy-client.key'}",
        "--enable-aggregator-routing=true",
    )


def _audit_flags(world: World, engine: str) -> tuple[str, ...]:
    policy = world.engine_data(engine) / "audit-policy.yaml"
    policy.write_text(yaml.safe_dump(_AUDIT_POLICY, sort_keys=False))
    return (
        f"--audit-policy-file={policy}",
        f"--audit-log-path={world.logs / 'audit.log'}",
        "--audit-log-mode=batch",
        "--audit-log-maxsize=100",
        "--audit-log-maxbackup=1",
    )


def _encryption(folder: Path) -> Path:
    """The configuration that encrypts secrets at rest; its key is made once, or old secrets were lost."""
    file = folder / "encryption.yaml"
    if not file.exists():
        key = base64.b64encode(secrets.token_bytes(_SECRET_KEY_BYTES)).decode()
        provider = {"secretbox": {"keys": [{"name": "rehearsal", "secret": key}]}}
        configuration = {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets"], "providers": [provider]}],
        }
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(yaml.safe_dump(configuration, sort_keys=False))
        draft.replace(file)
    return file
