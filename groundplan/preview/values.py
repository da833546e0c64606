"""How values are shown: short, in one line, and never a secret."""

from __future__ import annotations

import json
import re
from typing import Any

from policies.core.protocol import SECRET as SECRET_SIGNATURE
from policies.core.protocol import SIGNATURE, UNKNOWNS

SECRET = "[secret]"  # noqa: S105 - what stands in the place of one
UNKNOWN = "(known after apply)"
ABSENT = "(none)"

_SECRET_NAME = re.compile(
    r"(password|passphrase|secret(string|binary|value|key)?|privatekey|apikey|accesskey|token|credentials?)$",
    re.IGNORECASE,
)
"""Names of properties whose texts are not shown even where a program forgot to mark them."""
_NOT_SECRET = re.compile(r"(httptokens?|automountserviceaccounttoken)$", re.IGNORECASE)
_LONGEST = 160


def is_unknown(value: Any) -> bool:
    """Whether a value is known only after an update."""
    return isinstance(value, str) and (value in UNKNOWNS or value == UNKNOWN)


def holds_unknown(value: Any) -> bool:
    """Whether a value, or anything in it, is known only after an update."""
    if isinstance(value, dict):
        return any(map(holds_unknown, value.values()))
    if isinstance(value, list):
        return any(map(holds_unknown, value))
    return isinstance(value, str) and any(mark in value for mark in UNKNOWNS)


def without_secrets(value: Any, name: str = "") -> Any:
    """The same value with `[secret]` in the place of each secret, marked or by its name."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
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
