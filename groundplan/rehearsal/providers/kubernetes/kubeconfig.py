"""Read a kubeconfig: which server to talk to, and as whom."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from groundplan.errors import ExitCode, GroundplanError


@dataclass(frozen=True, kw_only=True)
class Login:
    """One context of a kubeconfig, resolved.

    Args:
        server: base URL of the API server.
        namespace: default namespace of the context.
        ca_pem: authorities that the server's certificate must come from; None for the machine's.
        verify: False only where the kubeconfig says `insecure-skip-tls-verify`.
        tls_server_name: name to expect in the server's certificate, if not the URL's host.
        token: static bearer token.
        certificate_pem: client certificate.
        key_pem: its key.
        command: the user's `exec` section, verbatim.
    """

    server: str
    namespace: str
    ca_pem: str | None = None
    verify: bool = True
    tls_server_name: str | None = None
    token: str | None = None
    certificate_pem: str | None = None
    key_pem: str | None = None
    command: Mapping[str, Any] | None = None


def load(text_or_path: str, *, context: str | None = None, cluster: str | None = None) -> Login:
    """Read a kubeconfig, given by its contents or by the path of a file.

    Raises:
        GroundplanError: no such file, no YAML mapping, or a name in it that leads nowhere.
    """
    document, folder, origin = _document(text_or_path)
    context_name = context or document.get("current-context")
    if not context_name:
        raise _problem(origin, "names no current-context", "set `context` of the provider")
    chosen = _named(document, "contexts", context_name, "context", origin)
    cluster_name = cluster or chosen.get("cluster")
    target = _named(document, "clusters", cluster_name, "cluster", origin)
    user = _named(document, "users", chosen.get("user"), "user", origin) if chosen.get("user") else {}
    if not target.get("server"):
        raise _problem(origin, f"has no `server` in cluster {cluster_name!r}", "add the API server's URL")
    return Login(
        server=str(target["server"]).rstrip("/"),
        namespace=chosen.get("namespace") or "default",
        ca_pem=_material(target, "certificate-authority", folder, origin),
        verify=not target.get("insecure-skip-tls-verify", False),
        tls_server_name=target.get("tls-server-name"),
        token=user.get("token") or _file_text(user.get("tokenFile"), folder, origin),
        certificate_pem=_material(user, "client-certificate", folder, origin),
        key_pem=_material(user, "client-key", folder, origin),
        command=user.get("exec"),
    )


def _document(text_or_path: str) -> tuple[dict[str, Any], Path, str]:
    text, folder, origin = text_or_path, Path.cwd(), "the provider's kubeconfig"
    if "\n" not in text_or_path and not text_or_path.lstrip().startswith("{"):
        file = Path(text_or_path).expanduser()
        try:
            text, folder, origin = file.read_text(), file.parent, str(file)
        except OSError as error:
            reason = error.strerror or "not readable"
            raise _problem(str(file), f"cannot be read: {reason}", "give its contents or the path") from error
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _problem(origin, "is not valid YAML", "see `kubectl config view`") from error
    if not isinstance(document, dict):
        raise _problem(origin, "is not a mapping", "see `kubectl config view`")
    return document, folder, origin


def _named(document: Mapping[str, Any], section: str, name: object, key: str, origin: str) -> dict[str, Any]:
    entries = {entry.get("name"): entry.get(key) or {} for entry in document.get(section) or []}
    if name not in entries:
        known = ", ".join(sorted(str(known) for known in entries)) or "none"
        raise _problem(origin, f"has no {key} named {name!r}", f"there are: {known}")
    return entries[name]


def _material(section: Mapping[str, Any], key: str, folder: Path, origin: str) -> str | None:
    """PEM text that is given inline (`KEY-data`, base64) or as a file (`KEY`)."""
    inline = section.get(f"{key}-data")
    if inline is None:
        return _file_text(section.get(key), folder, origin)
    try:
        return base64.b64decode(inline, validate=False).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _problem(
            origin, f"holds no base64-encoded PEM in {key}-data", "see `kubectl config view`"
        ) from error


def _file_text(name: str | None, folder: Path, origin: str) -> str | None:
    if not name:
        return None
    file = folder / Path(name).expanduser()
    try:
        return file.read_text()
    except OSError as error:
        raise _problem(origin, f"names {file}, which cannot be read", "correct the path") from error


def _problem(origin: str, what: str, hint: str) -> GroundplanError:
    return GroundplanError(f"kubernetes: {origin} {what} ({hint}).", exit_code=ExitCode.CONFIG)
