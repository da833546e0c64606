"""Ranges of addresses: what counts as the whole internet."""

from __future__ import annotations

import ipaddress

_SMALLEST = {4: 8, 6: 16}
"""Prefix lengths below which a range is nobody's network: 0.0.0.0/1 opens as much as 0.0.0.0/0."""


def is_world(cidr: str) -> bool:
    """Whether a range stands for the internet. What is no range counts as one: nothing passes by a typo."""
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return True
    return network.prefixlen < _SMALLEST[network.version]
