"""Network rules of the machine itself that name a rehearsal's link: there must be none when it has ended.

Rules inside the rehearsal's namespace go with the namespace; these would stay.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network

_LISTINGS = (
    ("nft", "list", "ruleset"),
    ("iptables-save",),
    ("ipset", "save"),
    ("ip", "rule", "show"),
    ("ip", "route", "show", "table", "all"),
)
_TIMEOUT_S = 20
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def naming(interface: str, link: IPv4Network) -> list[str]:
    """Firewall rules, sets, routing rules and routes that name the interface or an address of the link."""
    found: list[str] = []
    for listing in _LISTINGS:
        lines = _lines(listing)
        found += [f"{listing[0]}: {line}" for line in matching(lines, interface, link)]
    return found


def matching(lines: Iterable[str], interface: str, link: IPv4Network) -> list[str]:
    """The lines that name the interface (and no longer name) or an address of the link."""
    addresses = {str(address) for address in link}
    name = re.compile(rf"(?<![\w-]){re.escape(interface)}(?![\w-])")
    return [
        line.strip() for line in lines if name.search(line) or addresses.intersection(_ADDRESS.findall(line))
    ]


def _lines(argv: Sequence[str]) -> list[str]:
    """What a program lists; nothing where it is missing or the kernel lacks what it asks for."""
    try:
        done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines()
