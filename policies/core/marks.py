"""What the engine marks in a value by texts and signatures, turned into plain values.

They are constants of its protocol (sdk/go/common/resource/plugin/rpc.go and sig.go), the same on the wire and
in a state file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from policies.core.values import UNKNOWN, Secret

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWNS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        UNKNOWN_TEXT,
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark of a secret, not one
_HIDDEN = "[secret]"
"""What the CLI shows in the place of a secret."""
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


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
    if signature == _OUTPUT:
        value = fields.get("value", UNKNOWN)
        return Secret(value) if fields.get("secret") else value
    return fields


def _of_secret(fields: dict[str, Any]) -> Any:
    """A state file holds a secret as JSON text if it was asked to show it, and encrypted else."""
    if "plaintext" in fields:
        return plain(json.loads(fields["plaintext"]))
    return fields.get("value", UNKNOWN)
