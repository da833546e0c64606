"""OSCAL 1.1.2 assessment results: what an auditor's own tools read (NIST, pages.nist.gov/OSCAL)."""

from __future__ import annotations

import json
import uuid
from typing import Any

from groundplan.audit.report import Audit, ControlFact, ResultFact
from policies.core.evaluation import Outcome

OSCAL_VERSION = "1.1.2"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://groundplan.dev/oscal")
_STATES = {Outcome.PASS: "satisfied", Outcome.WAIVED: "satisfied"}


def render(audit: Audit) -> str:
    """An observation for each answer, a finding for each control that had a subject."""
    moment = audit.taken_at.isoformat().replace("+00:00", "Z")
    judged = [control for control in audit.controls if control.results]
    results = {
        "uuid": _id(audit, "result"),
        "title": f"Controls over {audit.environment}",
        "description": f"{audit.resources} resources of {audit.source_kind} {audit.source}.",
        "start": moment,
        "reviewed-controls": {
            "control-selections": [
                {"include-controls": [{"control-id": _token(control.id)} for control in judged]}
                if judged
                else {"include-all": {}}
            ]
        },
    }
    if judged:
        results["observations"] = [
            _observation(audit, control, each, moment) for control in judged for each in control.results
        ]
        results["findings"] = [_finding(audit, control) for control in judged]
    document = {
        "assessment-results": {
            "uuid": _id(audit, "document"),
            "metadata": {
                "title": f"Audit of the environment {audit.environment}",
                "last-modified": moment,
                "version": audit.versions["policy pack"],
                "oscal-version": OSCAL_VERSION,
                "props": [{"name": _token(name), "value": value} for name, value in audit.versions.items()],
            },
            "import-ap": {"href": "policies/README.md"},
            "results": [results],
        }
    }
    return json.dumps(document, indent=2) + "\n"


def _observation(audit: Audit, control: ControlFact, result: ResultFact, moment: str) -> dict[str, Any]:
    lines = [f"{each.path} is {each.value}" for each in result.evidence]
    lines += [f"{each.path}: {each.message}" for each in result.findings]
    if result.not_evaluated:
        lines.append(f"not evaluated: {result.not_evaluated}")
    observation: dict[str, Any] = {
        "uuid": _id(audit, "observation", control.id, result.urn),
        "title": f"{control.id} on {result.name}",
        "description": "; ".join(lines) or f"{result.name} was judged.",
        "methods": ["TEST"],
        "types": ["control-objective"],
        "subjects": [
            {"subject-uuid": _id(audit, "resource", result.urn), "type": "resource", "title": result.urn}
        ],
        "collected": moment,
        "props": [{"name": "outcome", "value": str(result.outcome)}],
    }
    for each in result.findings:
        if each.waiver:
            observation["remarks"] = (
                f"Waived by {each.waiver.id} until {each.waiver.expires}: {each.waiver.reason}"
            )
    return observation


def _finding(audit: Audit, control: ControlFact) -> dict[str, Any]:
    outcome = control.outcome
    frameworks = [
        {"name": "framework", "value": f"{name} {each}"}
        for name, ids in control.frameworks.items()
        for each in ids
    ]
    return {
        "uuid": _id(audit, "finding", control.id),
        "title": f"{control.id} {control.title}",
        "description": control.why,
        "props": [{"name": "severity", "value": control.severity}, *frameworks],
        "target": {
            "type": "objective-id",
            "target-id": _token(control.id),
            "status": {
                "state": _STATES.get(Outcome(outcome), "not-satisfied"),
                "reason": {Outcome.PASS: "pass", Outcome.FAIL: "fail"}.get(Outcome(outcome), "other"),
            },
        },
        "related-observations": [
            {"observation-uuid": _id(audit, "observation", control.id, each.urn)} for each in control.results
        ],
    }


def _id(audit: Audit, *parts: str) -> str:
    """The same thing has the same id in each document of one moment."""
    text = "/".join((audit.environment, audit.taken_at.isoformat(), *parts))
    # OSCAL wants version 4 or 5; 5 can be made anew from the same facts.
    return str(uuid.uuid5(_NAMESPACE, text))


def _token(text: str) -> str:
    return text.lower().replace(" ", "-")
