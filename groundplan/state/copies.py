"""A state that was exported with its secrets in plain text, made ready for another stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml


def with_salt_of(settings: Path, text: str) -> str:
    """The state, to be encrypted by what the new stack's settings name when it is imported.

    Args:
        settings: stack file of the new stack, whose secrets a passphrase encrypts.
        text: what `pulumi stack export --show-secrets` printed.
    """
    document: dict[str, Any] = json.loads(text)
    salt = yaml.safe_load(settings.read_text(encoding="utf-8"))["encryptionsalt"]
    document["deployment"]["secrets_providers"] = {"type": "passphrase", "state": {"salt": salt}}
    return json.dumps(document)
