"""The policy pack, as Pulumi starts it: `pulumi preview --policy-pack policies`."""

from __future__ import annotations

import gc
import os
import sys
from importlib.util import find_spec, module_from_spec
from pathlib import Path

gc.disable()  # the pack lives for one run: looking for waste would delay every preview

os.environ["PYDANTIC_DISABLE_PLUGINS"] = "1"  # it would look for some among all installed packages

# Pulumi starts a pack with its own folder on the path, not with the project's.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def _leave_empty(package: str) -> None:
    """Let modules of a package be imported without what its `__init__` imports."""
    spec = find_spec(package)
    if spec is None:
        raise ImportError(f"there is no package {package}", name=package)
    sys.modules[package] = module_from_spec(spec)


# Of Pulumi's SDK the pack needs three modules, and `import pulumi` took a third of its start.
for name in ("pulumi", "pulumi.runtime", "pulumi.runtime.proto"):
    _leave_empty(name)

from policies.pack.server import serve  # noqa: E402 - the path and lean packages come first

serve()
