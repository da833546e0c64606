"""`groundplan audit`, through its public door: states in, answers, evidence and exit codes out."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml

from groundplan.audit.command import judge_source
from groundplan.audit.formats import WRITERS
from groundplan.audit.sources import from_preview, from_state
from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT
from policies.core.evaluation import Outcome
from policies.core.marks import plain
from tests.unit.audit.states import SECRET, secret, state_of
from tests.unit.policies.golden import golden

KEY = "aws:kms/key:Key"
SCHEMA = PROJECT_ROOT / "tests" / "contract" / "schemas" / "sarif-2.1.0.json"
CANARY = "hunter2-AKIAIOSFODNN7EXAMPLE"


@pytest.fixture
def state() -> dict[str, Any]:
    """The state of dev after an update."""
    return deepcopy(state_of(golden("dev")))


def _key(state: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in state["deployment"]["resources"] if each["type"] == KEY)


def _audit(state: dict[str, Any], **options: Any) -> Any:
    return judge_source(from_state(json.dumps(state), "state.json"), **options)


def _command(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "groundplan", "audit", *map(str, arguments)]
    return subprocess.run(words, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)


def test_prod_passes_with_nothing_left_open() -> None:
    """After an update every value is known: no control is broken, none is open."""
    audit = _audit(state_of(golden("prod")))
    assert audit.passed
    assert not audit.blocking
    assert audit.counts["not-evaluated"] == 0
    assert audit.counts["pass"] > 200


def test_finding_names_path_value_and_remedy(state: dict[str, Any]) -> None:
    """A key that is not rotated: which one, which property, what it held, and exit code 5."""
    _key(state)["inputs"]["enableKeyRotation"] = False
    audit = _audit(state)
    [(control, result)] = audit.blocking
    [finding] = result.findings
    assert (control.id, result.urn) == ("KMS-01", _key(state)["urn"])
    assert (finding.path, finding.value) == ("enableKeyRotation", "false")
    assert not audit.passed


def test_encrypted_secret_is_not_a_pass(state: dict[str, Any]) -> None:
    """What a state file keeps encrypted cannot be judged: it is said, and it blocks."""
    _key(state)["inputs"]["enableKeyRotation"] = {**SECRET, "ciphertext": "AAA="}
    audit = _audit(state)
    assert [control.id for control, _ in audit.open] == ["KMS-01"]
    assert not audit.passed


@pytest.mark.parametrize("name", WRITERS)
def test_no_secret_in_any_format(state: dict[str, Any], name: str) -> None:
    """A secret in the place of every property of every resource shows up nowhere."""
    for resource in state["deployment"]["resources"]:
        resource["inputs"] = {key: secret(CANARY) for key in resource["inputs"]}
    written = WRITERS[name](_audit(state))
    assert CANARY not in written
    assert "hunter2" not in written


def test_plain_text_that_may_be_a_secret_is_not_shown(state: dict[str, Any]) -> None:
    """A value that no one marked as secret: its length is evidence enough."""
    _key(state)["inputs"]["enableKeyRotation"] = CANARY
    assert all(CANARY not in writer(_audit(state)) for writer in WRITERS.values())


def test_sarif_is_valid_against_its_schema(state: dict[str, Any]) -> None:
    """SARIF 2.1.0 with findings, waived ones and open ones."""
    _key(state)["inputs"]["enableKeyRotation"] = False
    document = json.loads(WRITERS["audit.sarif"](_audit(state)))
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    levels = {result["ruleId"]: result["level"] for result in document["runs"][0]["results"]}
    assert levels["KMS-01"] == "warning"


def test_junit_counts_failures(state: dict[str, Any]) -> None:
    """One suite a control; the broken one has a failure."""
    _key(state)["inputs"]["enableKeyRotation"] = False
    suites = ElementTree.fromstring(WRITERS["junit.xml"](_audit(state))).findall("testsuite")  # noqa: S314 - our own text
    assert {suite.get("name"): suite.get("failures") for suite in suites}["KMS-01"] == "1"
    assert sum(int(suite.get("failures", "0")) for suite in suites) == 1


def test_page_needs_no_network(state: dict[str, Any]) -> None:
    """No address is loaded from anywhere; every control and its evidence is on it."""
    page = WRITERS["audit.html"](_audit(state))
    assert "http://" not in page
    assert "https://" not in page
    assert "src=" not in page
    assert 'id="KMS-01"' in page
    assert "rotationPeriodInDays" in page


def test_oscal_has_an_observation_for_each_answer(state: dict[str, Any]) -> None:
    """Findings point at observations that there are; ids are those of one document."""
    audit = _audit(state)
    [result] = json.loads(WRITERS["oscal-assessment-results.json"](audit))["assessment-results"]["results"]
    observations = {each["uuid"] for each in result["observations"]}
    assert len(observations) == audit.counts.total()
    for finding in result["findings"]:
        assert {each["observation-uuid"] for each in finding["related-observations"]} <= observations


def _waiver(urn: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": "W-001",
        "rule": "KMS-01",
        "resource": urn,
        "reason": "the vendor's appliance cannot follow a rotation until its next release",
        "owner": "platform-team",
        "approver": "security-team",
        "created": dt.date(2026, 11, 1),
        "expires": dt.date(2027, 1, 15),
    } | changes


@pytest.fixture
def register(tmp_path: Path, state: dict[str, Any]) -> Any:
    """Writes a register of one waiver of the broken key; returns its file."""
    _key(state)["inputs"]["enableKeyRotation"] = False

    def write(**changes: Any) -> Path:
        file = tmp_path / "waivers.yaml"
        file.write_text(yaml.safe_dump({"waivers": [_waiver(_key(state)["urn"], **changes)]}))
        return file

    return write


def test_waived_finding_stays_visible(state: dict[str, Any], register: Any) -> None:
    """It does not block until its last day, and every format says who answers for it."""
    audit = _audit(state, waivers=register(), today=dt.date(2027, 1, 15))
    assert audit.passed
    assert audit.counts[Outcome.WAIVED] == 1
    for name in ("audit.json", "audit.html", "audit.sarif", "oscal-assessment-results.json"):
        assert "W-001" in WRITERS[name](audit), name


@pytest.mark.parametrize("today", [dt.date(2027, 1, 16), dt.date(2026, 10, 31)])
def test_waiver_outside_of_its_days_covers_nothing(
    state: dict[str, Any], register: Any, today: dt.date
) -> None:
    """The day after its last and the day before its first: the finding stands, and the waiver is named."""
    audit = _audit(state, waivers=register(), today=today)
    assert not audit.passed
    assert [control.id for control, _ in audit.blocking] == ["KMS-01"]
    assert "W-001" in audit.expired_waivers[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"expires": dt.date(2027, 3, 1)}, "1 to 90 days"),
        ({"approver": "platform-team"}, "same person"),
        ({"rule": "KMS-99"}, "does not exist"),
        ({"reason": "because"}, "at least 20"),
        ({"resource": "urn:pulumi:prod::groundplan::*::*"}, "must name one resource"),
        ({"end": "never"}, "there is no such key"),
        ({"owner": None}, "owner"),
    ],
)
def test_malformed_waiver_is_refused(
    state: dict[str, Any], register: Any, change: dict[str, Any], said: str
) -> None:
    """File, key and what is allowed; nothing passes."""
    with pytest.raises(GroundplanError, match=said) as refused:
        _audit(state, waivers=register(**change))
    assert refused.value.exit_code is ExitCode.CONFIG
    assert "waivers.yaml" in refused.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Invalid JSON"),
        ('{"version": 3}', "deployment"),
        ('{"version": 2, "deployment": {}}', "version"),
        ('{"version": 3, "deployment": {"resources": [{"urn": 7}]}}', "urn"),
        ('{"version": 3, "deployment": {"resources": []}}', "no resources"),
    ],
)
def test_damaged_state_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """By file and key, with exit code 2 or 6, before anything is judged."""
    file = tmp_path / "state.json"
    file.write_text(text)
    done = _command("--state", file)
    assert done.returncode in {ExitCode.CONFIG, ExitCode.NO_STACK}
    assert said in done.stderr
    assert "state.json" in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def test_two_resources_of_one_name_are_damage(state: dict[str, Any]) -> None:
    """The engine could not have written it."""
    state["deployment"]["resources"].append(_key(state))
    with pytest.raises(GroundplanError, match="damaged"):
        _audit(state)


def test_preview_may_leave_checks_open_within_a_budget(state: dict[str, Any]) -> None:
    """What is known only after the update is counted, not passed."""
    broken = deepcopy(_key(state))
    broken["inputs"]["enableKeyRotation"] = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    preview = {"steps": [{"op": "create", "urn": broken["urn"], "newState": broken}]}
    audit = judge_source(from_preview(json.dumps(preview), "preview.json"))
    assert audit.counts["not-evaluated"] >= 1
    assert "known only after the update" in audit.model_dump_json()


def test_a_preview_that_leaves_out_what_stays_the_same_is_refused(state: dict[str, Any]) -> None:
    """Rules that join resources would find fault with it; the hint writes all of it."""
    key = _key(state)
    preview = {"steps": [{"op": "create", "urn": key["urn"], "newState": key}], "changeSummary": {"same": 2}}
    with pytest.raises(GroundplanError, match="leaves out 2 resources") as caught:
        from_preview(json.dumps(preview), "preview.json")
    assert caught.value.exit_code is ExitCode.CONFIG
    assert "--show-sames" in (caught.value.hint or "")


def test_command_writes_every_format_and_ends_with_5(tmp_path: Path, state: dict[str, Any]) -> None:
    """Data on stdout, the reason on stderr, five files, exit code 5."""
    _key(state)["inputs"]["enableKeyRotation"] = False
    (tmp_path / "state.json").write_text(json.dumps(state))
    done = _command("--state", tmp_path / "state.json", "--json", "--out", tmp_path / "audit")
    assert done.returncode == ExitCode.POLICY
    assert json.loads(done.stdout)["environment"] == "dev"
    assert "mandatory" in done.stderr
    assert {file.name for file in (tmp_path / "audit").iterdir()} == set(WRITERS)


def test_two_sources_are_refused() -> None:
    """One source at a time."""
    done = _command("prod", "--state", "state.json")
    assert (done.returncode, "Name one source" in done.stderr) == (ExitCode.CONFIG, True)


def test_secrets_of_a_state_are_read_and_not_kept_as_text() -> None:
    """`--show-secrets` gives JSON text; a rule sees the value, and its mark."""
    assert plain({"password": secret({"a": [1]})})["password"].value == {"a": [1]}
    assert "hunter" not in repr(plain({"password": secret("hunter2")}))
