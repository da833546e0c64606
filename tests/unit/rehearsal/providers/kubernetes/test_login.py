"""Kubeconfigs and login commands."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.providers.kubernetes import kubeconfig
from groundplan.rehearsal.providers.kubernetes.credentials import ExecToken


def _config(**user: Any) -> dict[str, Any]:
    return {
        "current-context": "one",
        "contexts": [
            {"name": "one", "context": {"cluster": "k", "user": "u", "namespace": "team"}},
            {"name": "two", "context": {"cluster": "l", "user": "u"}},
        ],
        "clusters": [
            {"name": "k", "cluster": {"server": "https://k/", "certificate-authority": "ca.crt"}},
            {
                "name": "l",
                "cluster": {
                    "server": "https://l",
                    "certificate-authority-data": base64.b64encode(b"PEM").decode(),
                },
            },
        ],
        "users": [{"name": "u", "user": user}],
    }


def test_contents_and_path(tmp_path: Path) -> None:
    """A kubeconfig is given by its contents or its path; names of files in it are relative to it."""
    (tmp_path / "ca.crt").write_text("CA")
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump(_config(token="t")))
    login = kubeconfig.load(str(file))
    assert (login.server, login.namespace, login.ca_pem, login.token) == ("https://k", "team", "CA", "t")
    other = kubeconfig.load(json.dumps(_config()), context="two")
    assert (other.server, other.namespace, other.ca_pem) == ("https://l", "default", "PEM")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("/nowhere/config", "/nowhere/config cannot be read"),
        ("a: [\n", "not valid YAML"),
        ("- a\n- b\n", "not a mapping"),
        ("clusters: []\nusers: []\n", "current-context"),
        ("current-context: x\ncontexts: []\n", "no context named 'x'"),
    ],
)
def test_wrong_kubeconfig(text: str, message: str) -> None:
    """What is wrong is named."""
    with pytest.raises(GroundplanError, match=message) as refused:
        kubeconfig.load(text)
    assert refused.value.exit_code is ExitCode.CONFIG


def _plugin(folder: Path, ends: datetime | None) -> dict[str, Any]:
    """A login command that counts its runs and puts the number into the token."""
    status = {"token": "%s"} | ({"expirationTimestamp": ends.strftime("%Y-%m-%dT%H:%M:%SZ")} if ends else {})
    answer = json.dumps({"kind": "ExecCredential", "status": status}) % "$WHO-$n"
    script = folder / "login"
    script.write_text(
        f"""#!/bin/sh
n=$(($(cat "{folder}/n" 2>/dev/null || echo 0) + 1))
echo $n > "{folder}/n"
cat <<END
{answer}
END
"""
    )
    script.chmod(0o755)
    version = "client.authentication.k8s.io/v1beta1"
    return {"apiVersion": version, "command": "login", "env": [{"name": "WHO", "value": "me"}]}


def test_token_is_kept_until_it_ends(tmp_path: Path) -> None:
    """The command runs once while its token is good, and again when the server refuses the token."""
    command = _plugin(tmp_path, datetime.now(UTC) + timedelta(minutes=10))
    source = ExecToken(command, lambda: {"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert (source.token(), source.token()) == ("me-1", "me-1")
    assert source.token(rejected="me-1") == "me-2"
    assert source.token(rejected="me-1") == "me-2"


def test_token_about_to_end_is_renewed(tmp_path: Path) -> None:
    """A token is not used in its last minute."""
    source = ExecToken(_plugin(tmp_path, datetime.now(UTC)), lambda: {"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert (source.token(), source.token()) == ("me-1", "me-2")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'no such profile' >&2; exit 3", "exit code 3: no such profile"),
        ("echo hello", "printed no JSON"),
        ("echo '{}'", "printed no token"),
    ],
)
def test_failing_login_command(tmp_path: Path, script: str, message: str) -> None:
    """The command is named, with what it said."""
    (tmp_path / "login").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "login").chmod(0o755)
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": "login"}
    with pytest.raises(GroundplanError, match=f"`login` .*{message}") as refused:
        ExecToken(command, lambda: {"PATH": f"{tmp_path}:/usr/bin:/bin"}).token()
    assert refused.value.exit_code is ExitCode.AUTH


def test_unknown_version_of_the_login_protocol() -> None:
    """An old protocol is refused with those that are allowed."""
    with pytest.raises(GroundplanError, match="v1beta1 or"):
        ExecToken({"apiVersion": "client.authentication.k8s.io/v1alpha1", "command": "x"}, dict).token()
