"""The policy pack, as Pulumi starts it: `pulumi preview --policy-pack policies`."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

gc.disable()  # the pack lives for one run: looking for waste would delay every preview

os.environ["PYDANTIC_DISABLE_PLUGINS"] = "1"  # it would look for some among all installed packages

# Pulumi starts a pack with its own folder on the path, not with the project's.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


from policies.pack.server import serve  # noqa: E402 - the path comes first

serve()
