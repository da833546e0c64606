"""The Pod Security Standards as labels of a namespace."""

from __future__ import annotations

_MODES = ("enforce", "audit", "warn")


def restricted(kubernetes_version: str) -> dict[str, str]:
    """Labels by which the API server refuses pods that are not `restricted`.

    Args:
        kubernetes_version: pins the meaning of `restricted`.

    Source: https://kubernetes.io/docs/concepts/security/pod-security-admission/
    """
    return {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode in _MODES
        for suffix, value in (("", "restricted"), ("-version", f"v{kubernetes_version}"))
    }
