"""How this machine reaches its package sources, handed to image builds as build secrets.

Mirrors, proxies and certificate authorities belong to the machine. They are mounted while a build step runs
and are in no layer of the image, so the same inputs give the same image wherever it is built.
"""

from __future__ import annotations

import ast
import os
import platform
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundplan.errors import GroundplanError

SUITE = "trixie"
"""The Debian release of the bases; it brings Python 3.13 and PyTorch 2.6."""

_MOUNTED = "/run/secrets"
_PIP_SETTINGS = {
    "default-timeout",
    "extra-index-url",
    "find-links",
    "index-url",
    "no-index",
    "proxy",
    "retries",
    "timeout",
    "trusted-host",
}
"""Settings of pip that say where packages come from; the rest is taste and would change what is built."""
_APT_SETTINGS = re.compile(r"^Acquire::(Check-|http|https|Retries)", re.IGNORECASE)
_PIP_LINE = re.compile(r"^(?P<section>[^.]+)\.(?P<name>[a-z-]+)=(?P<value>.*)$")


@dataclass(frozen=True, kw_only=True)
class PackageSources:
    """Files that a build step may mount.

    Args:
        folder: where they lie; deleted after the build.
        debian: lines of a `sources.list` for the suite of the bases.
        apt_options: how apt is to fetch from there, lines of an `apt.conf`.
    """

    folder: Path
    debian: tuple[str, ...]
    apt_options: tuple[str, ...]

    def secrets(self) -> list[str]:
        """Arguments of `buildah bud` that offer the files to the build."""
        return [part for file in sorted(self.folder.iterdir()) for part in _secret(file)]


def write_package_sources(folder: Path) -> PackageSources:
    """Write `pip.conf`, `ca.pem`, `apt.conf` and `sources.list` for the builds of this machine.

    Raises:
        GroundplanError: apt knows no Debian mirror.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    debian = tuple(debian_sources(_apt("indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)")))
    authority = Path(os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or "")
    has_authority = authority.is_file()
    if has_authority:
        (folder / "ca.pem").write_bytes(authority.read_bytes())
    (folder / "sources.list").write_text("".join(f"{line}\n" for line in debian))
    options = _apt_options()
    (folder / "apt.conf").write_text(_apt_configuration(options, has_authority=has_authority))
    (folder / "pip.conf").write_text(_pip_configuration(has_authority=has_authority))
    return PackageSources(folder=folder, debian=debian, apt_options=options)


def debian_sources(targets: str) -> Iterator[str]:
    """Turn the machine's own Debian sources into those of the bases' suite.

    Args:
        targets: a line `URI RELEASE COMPONENT` for each index that apt uses.

    Raises:
        GroundplanError: none of them is a Debian release's main archive.
    """
    own = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    found: dict[str, str] = {}
    for line in targets.splitlines():
        uri, release, component = line.split()
        if component == "main" and release.partition("-")[0] == own:
            found.setdefault(release, uri)
    if own not in found:
        raise GroundplanError(
            "apt on this machine knows no Debian mirror, and the base images are made from Debian packages.",
            hint="Add a Debian source below /etc/apt, run `apt-get update`, and start again.",
        )
    for pocket in ("", "-updates", "-security"):
        if own + pocket in found:
            yield f"deb {found[own + pocket]} {SUITE}{pocket} main"


def pip_settings(listing: str) -> dict[str, str]:
    """Read the output of `pip config list`; what the environment says wins over the files."""
    settings: dict[str, dict[str, str]] = {"files": {}, "environment": {}}
    for line in listing.splitlines():
        match = _PIP_LINE.match(line)
        if match and match["name"] in _PIP_SETTINGS:
            origin = "environment" if match["section"] == ":env:" else "files"
            settings[origin][match["name"]] = str(ast.literal_eval(match["value"]))
    merged = settings["files"] | settings["environment"]
    if not merged.get("find-links", "").startswith("http"):
        merged.pop("find-links", None)  # a folder of this machine, which the build cannot see
    return merged


def _pip_configuration(*, has_authority: bool) -> str:
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True
    ).stdout
    settings = pip_settings(listing)
    if has_authority:
        settings["cert"] = f"{_MOUNTED}/ca.pem"
    return "[global]\n" + "".join(f"{name} = {_indented(value)}\n" for name, value in settings.items())


def _indented(value: str) -> str:
    return "\n    ".join(value.split())  # several values lie on lines of their own


def _apt_options() -> tuple[str, ...]:
    own = [
        line for line in _apt("dump").splitlines() if _APT_SETTINGS.match(line) and not line.endswith(' "";')
    ]
    return (*own, 'Acquire::Languages "none";', 'Acquire::Retries "3";')


def _apt_configuration(options: tuple[str, ...], *, has_authority: bool) -> str:
    inside = [f'Dir::Etc::sourcelist "{_MOUNTED}/sources.list";', 'Dir::Etc::sourceparts "-";']
    if has_authority:
        inside.append(f'Acquire::https::CAInfo "{_MOUNTED}/ca.pem";')
    return "".join(f"{line}\n" for line in (*options, *inside))


def _apt(*arguments: str) -> str:
    program = "apt-config" if arguments == ("dump",) else "apt-get"
    try:
        return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise GroundplanError(
            f"{program} does not work here, and base images are made from Debian packages: {error}",
            hint="A rehearsal needs Debian or a relative of it. See: groundplan doctor",
        ) from error


def _secret(file: Path) -> tuple[str, str]:
    return "--secret", f"id={file.name},src={file}"
