"""What a rehearsal really used: versions as found on this machine, not as they were wished for."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterable
from importlib import metadata

from groundplan.rehearsal import images
from groundplan.rehearsal.engines.base import Engine
from groundplan.rehearsal.toolchain import TOOLS, DebianTool, Toolbox

_TOOLS = ("pulumi", "pulumi-terraform-bridge", "runc", "cni-plugins", "buildah", "iptables", "ipset")
"""Programs that do the work of an engine, and are none themselves."""
_SDKS = ("pulumi", "pulumi-aws", "pulumi-kubernetes", "boto3")
"""Python distributions that decide what the program says."""
_IN_IMAGES = {
    "PyTorch": ("torch", "python3-torch"),
    "ONNX Runtime": ("triton", "python3-onnxruntime"),
    "Python in pods": ("python", "python3"),
}
"""Name in the report -> base image and its Debian package."""


def used(toolbox: Toolbox, engines: Iterable[Engine], release: images.Release) -> dict[str, str]:
    """Version by name: engines, tools, SDKs, what the images hold, and the images' digests.

    Args:
        toolbox: where the tools were found.
        engines: those of the rehearsal.
        release: the images that it deploys.
    """
    packages = images.packages(toolbox)
    return {
        **{engine.name: engine.version_used(toolbox) for engine in engines},
        **{name: version for name in _TOOLS if (version := tool_version(toolbox, name))},
        **{f"{name} (Python SDK)": metadata.version(name) for name in _SDKS},
        "python": platform.python_version(),
        **{name: packages[base][package] for name, (base, package) in _IN_IMAGES.items()},
        **{f"image {service}": digest for service, digest in release.images.items()},
    }


def tool_version(toolbox: Toolbox, name: str) -> str | None:
    """The version of the tool that is used; of one of Debian's, the package's. None if it is not there."""
    found = toolbox.find(name)
    if found is None:
        return None
    tool = TOOLS[name]
    version = _of_package(tool.package) if isinstance(tool, DebianTool) else found.version
    return f"{version or 'unknown'} ({found.source})"


def _of_package(package: str) -> str:
    query = ["dpkg-query", "--show", "--showformat=${Version}", package]
    return subprocess.run(query, check=False, capture_output=True, text=True).stdout.strip()
