"""What was recorded of a prepared pull request: the engine's preview, objects of both programs, prices.

Recordings are kept small: resources that stay the same are left out, of those that are updated the long
inputs that stay the same. All that is in them the engine has said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from groundplan.preview.changes import changes_of, in_order
from groundplan.preview.document import Preview, State
from groundplan.preview.kubernetes import NOTE, compare_recordings
from groundplan.preview.policies import NOT_JUDGED, PolicyDelta, PolicyFinding
from groundplan.preview.price import PriceDelta
from groundplan.preview.report import DiffReport, EnvironmentDiff
from groundplan.preview.reviewers import review
from infra.planning.cost import CostLine

FOLDER = Path(__file__).parent / "recorded"
GOLDEN = Path(__file__).parent / "golden"
_LONG = 160
_KEPT = ("type", "id", "custom", "protect", "inputs")


def save(
    name: str,
    preview: Mapping[str, Any],
    before: Mapping[str, State],
    after: Mapping[str, State],
    price: PriceDelta | None,
    policy: PolicyDelta | None,
) -> None:
    """Write what was recorded, without what stays the same; of policies, what both sides differ in."""
    urns = [urn for urn in dict.fromkeys((*before, *after)) if before.get(urn) != after.get(urn)]
    document = {
        "preview": {
            "steps": [_small(step) for step in preview["steps"] if _changes(step)],
            "changeSummary": preview["changeSummary"],
            "diagnostics": [each for each in preview.get("diagnostics", ()) if each["severity"] == "error"],
        },
        "objects": {
            side: {urn: states[urn].model_dump(by_alias=True) for urn in urns if urn in states}
            for side, states in (("before", before), ("after", after))
        },
        "price": asdict(price) if price else None,
        "policy": asdict(policy) if policy else None,
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def load(name: str, environment: str) -> DiffReport:
    """The report that the command makes of what was recorded; policies only where they were recorded, too."""
    document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    before, after = (
        {urn: State.model_validate(state) for urn, state in document["objects"][side].items()}
        for side in ("before", "after")
    )
    preview = Preview.model_validate(document["preview"])
    judged = "policy" in document
    policy = _policy(document["policy"]) if judged else None
    changes = in_order((*changes_of(preview), *compare_recordings(before, after)))
    diff = EnvironmentDiff(
        environment=environment,
        changes=changes,
        findings=review(changes, preview.refused),
        notes=(NOTE, *((NOT_JUDGED,) if judged and policy is None else ())),
        price=_price(document["price"]),
        policy=policy,
    )
    return DiffReport(base="`main`", head="the pull request", environments=(diff,))


def save_policy(name: str, policy: PolicyDelta | None) -> None:
    """Write the findings of policies anew, and leave the rest of a recording as it is."""
    file = FOLDER / f"{name}.json"
    document = json.loads(file.read_text(encoding="utf-8")) | {"policy": asdict(policy) if policy else None}
    file.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def _policy(fields: dict[str, Any] | None) -> PolicyDelta | None:
    if fields is None:
        return None
    return PolicyDelta(
        **{key: tuple(PolicyFinding(**finding) for finding in found) for key, found in fields.items()}
    )


def _price(fields: dict[str, Any] | None) -> PriceDelta | None:
    if fields is None:
        return None
    lines = {side: tuple(CostLine(**line) for line in fields.pop(side)) for side in ("before", "after")}
    return PriceDelta(unpriced=tuple(fields.pop("unpriced")), **fields, **lines)


def _changes(step: Mapping[str, Any]) -> bool:
    old, new = step.get("oldState") or {}, step.get("newState") or {}
    return step["op"] != "same" or old.get("protect", False) != new.get("protect", False)


def _small(step: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: step[key] for key in ("op", "urn", "diffReasons", "replaceReasons") if step.get(key)}
    old, new = step.get("oldState"), step.get("newState")
    kept["detailedDiff"] = step.get("detailedDiff")
    for key, state, other in (("oldState", old, new), ("newState", new, old)):
        if state:
            kept[key] = {name: state[name] for name in _KEPT if name in state}
            kept[key]["inputs"] = _inputs(state, other)
    if old:
        outputs, inputs = old.get("outputs") or {}, old.get("inputs") or {}
        named = [name for name in step.get("diffReasons") or () if name not in inputs and name != "tagsAll"]
        kept["oldState"]["outputs"] = {name: outputs[name] for name in named if name in outputs}
    return kept


def _inputs(state: Mapping[str, Any], other: Mapping[str, Any] | None) -> dict[str, Any]:
    mine, theirs = state.get("inputs") or {}, (other or {}).get("inputs") or {}
    return {
        key: value
        for key, value in mine.items()
        if key != "__defaults" and (value != theirs.get(key) or len(json.dumps(value)) < _LONG)
    }
