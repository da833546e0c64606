"""Karpenter's kinds, out of its pinned Go module: `python -m groundplan.rehearsal.toolchain.karpenter_crds`.

Whoever moves the module's version runs this; what it writes is what `infra/` installs. Descriptions are left
out: the API server needs none of them, and they are most of the text.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from groundplan.rehearsal.toolchain import golang
from groundplan.rehearsal.toolchain.tools import MODULES
from groundplan.rehearsal.world import PROJECT_ROOT, cache_folder

FILE = PROJECT_ROOT / "infra" / "kubernetes" / "karpenter_crds.json"
_MODULE = "github.com/aws/karpenter-provider-aws"
_FOLDER = Path("pkg/apis/crds")


def definitions(folder: Path) -> list[dict[str, Any]]:
    """All definitions in a folder of YAML files, by name, without descriptions."""
    found = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in folder.glob("*.yaml")]
    return [_essential(each) for each in sorted(found, key=lambda each: each["metadata"]["name"])]


def _essential(definition: dict[str, Any]) -> dict[str, Any]:
    spec = definition["spec"]
    versions = [
        {**version, "schema": {"openAPIV3Schema": _undescribed(version["schema"]["openAPIV3Schema"])}}
        for version in spec["versions"]
    ]
    return {
        "apiVersion": definition["apiVersion"],
        "kind": definition["kind"],
        "metadata": {"name": definition["metadata"]["name"]},
        "spec": {**spec, "versions": versions},
    }


def _undescribed(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without descriptions. A property may itself be called `description`."""
    kept = {key: value for key, value in schema.items() if key != "description"}
    if "properties" in kept:
        kept["properties"] = {name: _undescribed(each) for name, each in kept["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = _undescribed(kept[key])
    return kept


def _module_folder() -> Path:
    """Where Go keeps the pinned module; it is fetched if need be.

    Raises:
        subprocess.CalledProcessError: it cannot be fetched.
    """
    go = golang.obtain_go(cache_folder(), lambda line: print(line, file=sys.stderr))  # noqa: T201 - progress
    query = [str(go), "mod", "download", "-json", _MODULE]
    done = subprocess.run(query, cwd=MODULES / "karpenter", check=True, capture_output=True, text=True)
    return Path(json.loads(done.stdout)["Dir"])


def current() -> str:
    """What the generated file must hold.

    Raises:
        subprocess.CalledProcessError: the module cannot be fetched.
    """
    return json.dumps(definitions(_module_folder() / _FOLDER), indent=1, sort_keys=True) + "\n"


def main() -> int:
    """Write the file."""
    FILE.write_text(current(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
