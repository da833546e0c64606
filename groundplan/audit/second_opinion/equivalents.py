"""How rules name the checks of auditors that ask the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_CHECKOV = ("CKV_", "CKV2_")
_PROWLER = "prowler:"


def auditor_check(equivalent: str) -> tuple[str, str] | None:
    """Auditor and check id of an equivalent; None where the auditor does not run here (`FSBP S3.17`)."""
    if equivalent.startswith(_CHECKOV):
        return "checkov", equivalent
    if equivalent.startswith(_PROWLER):
        return "prowler", equivalent.removeprefix(_PROWLER)
    return None


def unknown_checks(
    equivalents: Mapping[str, Sequence[str]], known: Mapping[str, frozenset[str]]
) -> dict[str, list[str]]:
    """Equivalents that the pinned auditors do not have, by rule.

    Args:
        equivalents: of each rule, by its id.
        known: every check id by auditor; auditors that are not in it are not asked.
    """
    wrong: dict[str, list[str]] = {}
    for rule, names in equivalents.items():
        for name in names:
            found = auditor_check(name)
            if found and found[0] in known and found[1] not in known[found[0]]:
                wrong.setdefault(rule, []).append(name)
    return wrong
