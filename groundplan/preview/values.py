"""How values are shown: short, in one line, and never a secret."""

from __future__ import annotations

import json
import re
from typing import Any

SECRET = "[secret]"  # noqa: S105 - what stands in the place of one
UNKNOWN = "(known after apply)"
ABSENT = "(none)"

_UNKNOWN_VALUES = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
"""What the protocol of Pulumi's engine writes in the place of values that are known only after an update."""
_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of Pulumi's special objects."""
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark, not a secret
_SECRET_NAME = re.compile(
    r"(password|passphrase|secret(string|binary|value|key)?|privatekey|apikey|accesskey|token|credentials?)$",
    re.IGNORECASE,
)
"""Names of properties whose texts are not shown even where a program forgot to mark them."""
_NOT_SECRET = re.compile(r"(httptokens?|automountserviceaccounttoken)$", re.IGNORECASE)
_LONGEST = 160


def is_unknown(value: Any) -> bool:
    """Whether a value is known only after an update."""
    return isinstance(value, str) and (value in _UNKNOWN_VALUES or value == UNKNOWN)


def holds_unknown(value: Any) -> bool:
    """Whether a value, or anything in it, is known only after an update."""
    if isinstance(value, dict):
        return any(map(holds_unknown, value.values()))
    if isinstance(value, list):
        return any(map(holds_unknown, value))
    return isinstance(value, str) and any(mark in value for mark in _UNKNOWN_VALUES)


def without_secrets(value: Any, name: str = "") -> Any:
    """The same value with `[secret]` in the place of each secret, marked or by its name."""
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET_SIGNATURE:
            return SECRET
        return {key: without_secrets(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [without_secrets(item, name) for item in value]
    if isinstance(value, str) and value and _names_secret(name) and not is_unknown(value):
        return SECRET
    return value


def shown(value: Any) -> str:
    """A value in one line, as JSON where it is no text; long ones are cut."""
    if value is None:
        return ABSENT
    if is_unknown(value):
        return UNKNOWN
    text = value if isinstance(value, str) else json.dumps(_readable(value), sort_keys=True)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def code(text: object) -> str:
    """A text as code in a sentence. It comes from a pull request and must not end the code by itself."""
    plain = str(text).replace("`", "'")
    return f"`{' '.join(plain.split())}`"


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _readable(item) for key, item in value.items() if key != "__defaults"}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, float) and value.is_integer():  # numbers of the wire are all floats
        return int(value)
    return UNKNOWN if is_unknown(value) else value


def _names_secret(name: str) -> bool:
    plain = re.sub(r"[^A-Za-z]", "", name)
    return bool(_SECRET_NAME.search(plain)) and not _NOT_SECRET.search(plain)
