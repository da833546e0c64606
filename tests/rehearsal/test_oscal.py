"""Assessment results judged by trestle, whose models are generated from NIST's schemas of OSCAL 1.1.2."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from groundplan.audit.command import judge_source
from groundplan.audit.formats import oscal
from groundplan.audit.second_opinion.environments import obtain
from groundplan.audit.sources import from_state
from tests.unit.audit.states import SECRET, state_of
from tests.unit.policies.golden import golden

pytestmark = pytest.mark.rehearsal

KEY = "aws:kms/key:Key"
_JUDGE = """
import sys
from pathlib import Path
from trestle.oscal import OSCAL_VERSION
from trestle.oscal.assessment_results import Model
Model.parse_raw(Path(sys.argv[1]).read_text())
print(OSCAL_VERSION)
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results for a state with a finding, a waived one, and an answer that is open."""
    state = state_of(golden("dev"))
    broken, waived, open_ = [each for each in state["deployment"]["resources"] if each["type"] == KEY][:3]
    for each in (broken, waived):
        each["inputs"] = {**each["inputs"], "enableKeyRotation": False}
    open_["inputs"] = {**open_["inputs"], "enableKeyRotation": {**SECRET, "ciphertext": "AAA="}}
    waiver = {
        "id": "W-001",
        "rule": "KMS-01",
        "resource": waived["urn"],
        "reason": "the vendor's appliance cannot follow a rotation until its next release",
        "owner": "platform-team",
        "approver": "security-team",
        "created": dt.date(2026, 11, 1),
        "expires": dt.date(2027, 1, 15),
    }
    register = tmp_path_factory.mktemp("oscal") / "waivers.yaml"
    register.write_text(yaml.safe_dump({"waivers": [waiver]}))
    source = from_state(json.dumps(state), "state.json")
    audit = judge_source(source, waivers=register, today=dt.date(2026, 11, 24))
    assert min(audit.counts[each] for each in ("pass", "fail", "waived", "not-evaluated")) > 0
    return json.loads(oscal.render(audit))


def _judged(results: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "results.json"
    file.write_text(json.dumps(results))
    python = obtain("compliance-trestle", print).with_name("python")
    return subprocess.run(
        [str(python), "-W", "ignore", "-c", _JUDGE, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_our_results_are_valid(results: dict[str, Any], tmp_path: Path) -> None:
    """Findings, waivers and open answers: every key and value is allowed, in the version that we name."""
    done = _judged(results, tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == oscal.OSCAL_VERSION


def test_no_list_is_empty(results: dict[str, Any]) -> None:
    """NIST's schema allows none (minItems), and the models do not look at that."""

    def lists(value: Any) -> list[list[Any]]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return [
            *([value] if isinstance(value, list) else []),
            *(found for each in inner for found in lists(each)),
        ]

    assert len(lists(results)) > 100
    assert all(lists(results))


def _result(document: dict[str, Any]) -> dict[str, Any]:
    return document["assessment-results"]["results"][0]


BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a key that there is not": lambda each: _result(each).update({"colour": "red"}),
    "a key that is missing": lambda each: _result(each).pop("start"),
    "an id that is none": lambda each: _result(each)["observations"][0].update(uuid="seven"),
    "a method that there is not": lambda each: _result(each)["observations"][0].update(methods=[""]),
    "a state that there is not": lambda each: _result(each)["findings"][0]["target"]["status"].update(
        state="fine"
    ),
    "a time without its zone": lambda each: _result(each).update(start="2026-11-24"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_broken_is_refused(results: dict[str, Any], tmp_path: Path, what: str) -> None:
    """The judge looks at what we rely on it for."""
    document = json.loads(json.dumps(results))
    BREAKS[what](document)
    done = _judged(document, tmp_path)
    assert done.returncode != 0
    assert "validation error" in done.stderr
