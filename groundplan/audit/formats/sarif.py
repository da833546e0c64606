"""SARIF 2.1.0: findings beside the code, in GitHub and in editors.

Levels and `security-severity` follow what GitHub makes of them: critical from 9.0, high from 7.0, medium
from 4.0.
"""

from __future__ import annotations

import json
from typing import Any

from groundplan.audit.report import Audit, ControlFact, FindingFact, ResultFact
from policies.core.evaluation import Outcome

_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def render(audit: Audit) -> str:
    """One run; a rule for each control, a result for each finding and each check left open."""
    run = {
        "tool": {
            "driver": {
                "name": "groundplan audit",
                "version": audit.versions["policy pack"],
                "rules": [_rule(control) for control in audit.controls],
            }
        },
        "invocations": [
            {"executionSuccessful": True, "endTimeUtc": audit.taken_at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        ],
        "results": [
            result
            for control in audit.controls
            for each in control.results
            for result in _results(audit, control, each)
        ],
        "automationDetails": {"id": f"groundplan/{audit.environment}/"},
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2) + "\n"


def _rule(control: ControlFact) -> dict[str, Any]:
    tags = [f"{name} {each}" for name, ids in control.frameworks.items() for each in ids]
    return {
        "id": control.id,
        "shortDescription": {"text": control.title},
        "fullDescription": {"text": control.why},
        "help": {"text": control.remediation},
        "defaultConfiguration": {"level": _LEVELS[control.severity]},
        "properties": {"tags": ["security", *tags], "security-severity": _SCORES[control.severity]},
    }


def _results(audit: Audit, control: ControlFact, result: ResultFact) -> list[dict[str, Any]]:
    found = [_finding(audit, control, result, each) for each in result.findings]
    if result.outcome is Outcome.NOT_EVALUATED:
        text = f"{result.name}: not evaluated: {result.not_evaluated}"
        found.append(_result(audit, control, result, "", text) | {"kind": "open", "level": "none"})
    return found


def _finding(audit: Audit, control: ControlFact, result: ResultFact, finding: FindingFact) -> dict[str, Any]:
    text = f"{result.name}: {finding.message}"
    document = _result(audit, control, result, f"{finding.path}/{finding.key}", text)
    document["level"] = _LEVELS[control.severity]
    if finding.waiver:
        justification = f"{finding.waiver.id}, until {finding.waiver.expires}: {finding.waiver.reason}"
        document["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": justification}
        ]
    return document


def _result(audit: Audit, control: ControlFact, result: ResultFact, key: str, text: str) -> dict[str, Any]:
    return {
        "ruleId": control.id,
        "message": {"text": text},
        "locations": [
            {
                # GitHub shows only what has a place in the repository: the stack's own file.
                "physicalLocation": {"artifactLocation": {"uri": f"stacks/Pulumi.{audit.environment}.yaml"}},
                "logicalLocations": [{"fullyQualifiedName": result.urn, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"groundplan/v1": f"{control.id}/{result.urn}/{key}"},
    }
