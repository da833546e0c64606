"""The AWS half of prod, applied completely: no change, no drift, and a tear-down by the runbook.

Its deployer may do what the policies in `docs/reference` allow, and nothing else.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest
from moto.iam.access_control import PermissionResult

from groundplan.rehearsal import deployer_policy, leftovers, worlds
from groundplan.rehearsal.emulator.deployer_record import read
from groundplan.rehearsal.emulator.policy_statements import evaluate
from groundplan.rehearsal.emulator.request_context import RequestContext
from groundplan.rehearsal.emulator.s3_permissions import Need
from groundplan.rehearsal.scenario.steps import steps_of
from groundplan.rehearsal.world import PROJECT_ROOT

from .conftest import throw_away

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(1500)]

ID = "test-estate"
QUESTION = re.compile(r":(Describe|Get|List|BatchGet)")
POLICIES = PROJECT_ROOT / "docs" / "reference" / "deployer-policy.prod.json"


@pytest.fixture(scope="module")
def records() -> Generator[dict[str, dict[str, Any]]]:
    """Evidence by step of a rehearsal of prod without a cluster."""
    throw_away(ID)
    command = [sys.executable, "-m", "groundplan", "rehearse", "run", "prod", "--only", "aws", "--id", ID]
    held = ["--deployer-policy", str(POLICIES)]
    done = subprocess.run([*command, *held, "--json"], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, check=False)
    assert done.stdout, "it was not played to its end: see above"
    yield {record["name"]: record for record in json.loads(done.stdout)}
    throw_away(ID)


def test_every_step_is_played(records: dict[str, dict[str, Any]]) -> None:
    """Those of the scenario that need no pods, all of them to their end."""
    assert [(name, record["status"]) for name, record in records.items()] == [
        (step.name, "done") for step in steps_of("aws")
    ]


def test_every_check_holds(records: dict[str, dict[str, Any]]) -> None:
    """No change, no drift, nothing replaced to lift the protection, nothing left."""
    failed = [check for record in records.values() for check in record["checks"] if not check["passed"]]
    assert failed == []


def test_prod_is_made_of_aws_resources(records: dict[str, dict[str, Any]]) -> None:
    """The estate is there, and nothing of Kubernetes was asked for."""
    types = [resource["type"] for resource in records["provision"]["figures"]["resources"]]
    assert len(types) > 150
    assert {each.split(":")[0] for each in types} == {"aws"}


def test_data_of_prod_was_protected(records: dict[str, dict[str, Any]]) -> None:
    """The tear-down had to lift the protection, by an update that replaced nothing."""
    lines = [command["line"] for command in records["destroy"]["commands"]]
    assert [line.split()[1] for line in lines] == ["up", "destroy"]


def test_the_deployer_had_no_right_too_many(records: dict[str, dict[str, Any]]) -> None:
    """Its policies allow what its calls needed (else: groundplan deployer-policy prod > the file).

    How often a provider looks depends on how long things take: only a question may be asked in one run alone.
    """
    assert records["destroy"]["status"] == "done"
    needed = {need.action for need in read(deployer_policy.record_file(worlds.load(ID)))}
    allowed = _actions(_statements())
    assert needed - allowed == set()
    assert [action for action in sorted(allowed - needed) if not QUESTION.search(action)] == []
    assert len(allowed) > 300


def test_no_action_can_be_left_out(records: dict[str, dict[str, Any]]) -> None:
    """Without any one of them, a call that was made would have been refused."""
    assert records["destroy"]["status"] == "done"
    needs = read(deployer_policy.record_file(worlds.load(ID)))
    statements = _statements()
    needed = sorted({need.action for need in needs})
    assert [action for action in needed if not _allows({"Statement": statements}, action, needs)] == []
    assert [action for action in needed if _allows(_without(action, statements), action, needs)] == []


def _statements() -> list[dict[str, Any]]:
    return [statement for document in json.loads(POLICIES.read_text()) for statement in document["Statement"]]


def _actions(statements: list[dict[str, Any]]) -> set[str]:
    return {action for statement in statements for action in statement["Action"]}


def _without(action: str, statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Statement": [
            {**statement, "Action": [each for each in statement["Action"] if each != action]}
            for statement in statements
        ]
    }


def _allows(document: dict[str, Any], action: str, needs: list[Need]) -> bool:
    """Whether all needs of one action are met."""
    answers = {
        evaluate(document, action=action, resource=need.resource, caller=None, context=RequestContext())
        for need in needs
        if need.action == action
    }
    return answers == {PermissionResult.PERMITTED}


def test_nothing_is_left_on_the_machine(records: dict[str, dict[str, Any]]) -> None:
    """No process, mount, interface, namespace or cgroup of the rehearsal remains."""
    assert records["stop"]["status"] == "done"
    assert not leftovers.find(ID)
