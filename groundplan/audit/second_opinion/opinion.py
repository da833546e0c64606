"""What an auditor says about one resource."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """One verdict of an auditor that shares no code with our policies.

    Args:
        auditor: who says so: `checkov` or `prowler`.
        check_id: the auditor's own id of the check.
        resource_urn: the resource it looked at.
        passed: whether the check held.
        title: what was checked, in the auditor's words.
    """

    auditor: str
    check_id: str
    resource_urn: str
    passed: bool
    title: str
