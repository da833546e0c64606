"""What Bottlerocket is told about every node."""

from __future__ import annotations

MAX_PODS = 110
"""Pods of a node. Bottlerocket counts the addresses that a node has without prefixes, which are fewer.

Source: "Assign more IP addresses to Amazon EKS nodes with prefixes", EKS' user guide.
"""


def node_settings(more: str = "") -> str:
    """Bottlerocket's settings, as user data.

    Args:
        more: settings of some nodes only, as TOML.
    """
    return f"[settings.kubernetes]\nmax-pods = {MAX_PODS}\n" + (f"\n{more}" if more else "")
