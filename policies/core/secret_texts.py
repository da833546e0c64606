"""Texts that look like secrets: known shapes of keys and tokens, and random texts under telling names."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

_SHAPES = (
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b")),
    ("a Slack token", re.compile(r"\bxox[abpr]-[A-Za-z0-9-]{10,}\b")),
    ("a token of Hugging Face", re.compile(r"\bhf_[A-Za-z0-9]{30,}\b")),
    ("a JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")),
    ("a password in a URL", re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@{}$]+:[^/\s:@{}$]+@")),
)
_NAMES = re.compile(r"pass(?:word|wd|phrase)|secret|token|api_?key|access_?key|credential", re.IGNORECASE)
_REFERENCES = re.compile(
    r"arn|name|id|ref|path|file|key_?spec|audience|ttl|days|version|url|class", re.IGNORECASE
)
_ASSIGNMENT = re.compile(
    r"(?<![A-Za-z_])(?P<name>[A-Za-z_]*(?:password|passwd|passphrase|secret|token|api_?key|access_?key)[A-Za-z_]*)"
    r"(?:\s*=\s*|:\s+|[\"']\s*:\s*)[\"']?(?P<value>[^\s\"',;]{8,})",
    re.IGNORECASE,
)
_RANDOM_BITS = 3.5
"""Bits per character from which a text is taken for random; words of English have less."""
_SHORTEST = 12


@lru_cache(maxsize=8192)
def secret_in(text: str) -> str:
    """What kind of secret a text holds; empty if it seems to hold none."""
    for kind, shape in _SHAPES:
        if shape.search(text):
            return kind
    for found in _ASSIGNMENT.finditer(text):
        if not _is_reference(found["value"]) and not found["value"].isalpha():
            return f"an assignment to {found['name']}"
    return ""


def secret_under(key: str, text: str) -> str:
    """What kind of secret a text is under a key of this name, e.g. `masterPassword`; empty if none."""
    kind = secret_in(text)
    if kind or not _NAMES.search(key) or _is_reference(text):
        return kind
    tail = re.sub(r"([a-z])([A-Z])", r"\1_\2", key).split("_")[-1]
    if _REFERENCES.fullmatch(tail) or len(text) < _SHORTEST or " " in text:
        return ""
    return "a random text" if _bits(text) >= _RANDOM_BITS else ""


def _is_reference(value: str) -> bool:
    """Whether it points to a secret instead of being one."""
    return value.startswith(("$", "arn:", "/", "{{", "<", "secretsmanager:", "ssm:", "file:", "env:"))


def _bits(text: str) -> float:
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
