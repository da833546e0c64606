"""What the engine marks in a value by texts and signatures, turned into plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from policies.core.protocol import OUTPUT, SECRET, SIGNATURE, UNKNOWNS
from policies.core.values import UNKNOWN, Secret

_HIDDEN = "[secret]"
"""What the CLI shows in the place of a secret."""


def plain(value: Any) -> Any:
    """A value of a state file or of a preview in JSON: like one from the wire, but already parsed."""
    if isinstance(value, Mapping):
        if SIGNATURE in value:
            return marked({key: plain(item) for key, item in value.items()})
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value == _HIDDEN:
        return Secret(UNKNOWN)
    return UNKNOWN if isinstance(value, str) and value in UNKNOWNS else value


def marked(fields: dict[str, Any]) -> Any:
    """A value with a signature: a secret, an output, an asset."""
    signature = fields.get(SIGNATURE)
    if signature == SECRET:
        return Secret(_of_secret(fields))
    if signature == OUTPUT:
        value = fields.get("value", UNKNOWN)
        return Secret(value) if fields.get("secret") else value
    return fields


def _of_secret(fields: dict[str, Any]) -> Any:
    """A state file holds a secret as JSON text if it was asked to show it, and encrypted else."""
    if "plaintext" in fields:
        return plain(json.loads(fields["plaintext"]))
    return fields.get("value", UNKNOWN)
