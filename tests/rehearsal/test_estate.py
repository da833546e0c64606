"""The AWS half of prod, applied completely: no change, no drift, and a tear-down by the runbook."""

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
from groundplan.rehearsal.emulator.need import Need
from groundplan.rehearsal.emulator.policy_statements import evaluate
from groundplan.rehearsal.emulator.request_context import RequestContext
from groundplan.rehearsal.scenario.steps import steps_of
from groundplan.rehearsal.world import PROJECT_ROOT, READER

from .conftest import throw_away

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(1500)]

ID = "test-estate"
_LOOKS = re.compile(r"[a-z0-9-]+:(BatchGet|Describe|Get|List)|kafka-cluster:Connect$")
"""Who lists topics connects to brokers, which alone allows nothing."""


@pytest.fixture(scope="module")
def records() -> Generator[dict[str, dict[str, Any]]]:
    """Evidence by step of a rehearsal of prod without a cluster."""
    throw_away(ID)
    command = [sys.executable, "-m", "groundplan", "rehearse", "run", "prod", "--only", "aws", "--id", ID]
    done = subprocess.run([*command, "--json"], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, check=False)
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


def test_the_deployers_policies_are_all_it_needs(records: dict[str, dict[str, Any]]) -> None:
    """Derived from its calls, they allow each of them; without any one action, a call would be refused."""
    assert records["destroy"]["status"] == "done"
    world = worlds.load(ID)
    needs = read(deployer_policy.record_file(world))
    statements = [each for document in deployer_policy.derive(world) for each in document["Statement"]]
    actions = sorted({action for statement in statements for action in statement["Action"]})
    assert len(actions) > 300
    assert [action for action in actions if not _allows({"Statement": statements}, action, needs)] == []
    assert [action for action in actions if _allows(_without(action, statements), action, needs)] == []


def test_the_readers_policies_are_all_that_reading_needs(records: dict[str, dict[str, Any]]) -> None:
    """They were enough for a preview with a refresh; each action is of those that change nothing."""
    assert records["look"]["status"] == "done"
    documents = deployer_policy.derive(worlds.load(ID), READER)
    actions = {action for each in documents for one in each["Statement"] for action in one["Action"]}
    assert len(actions) > 100
    assert [action for action in sorted(actions) if not _LOOKS.match(action)] == []
    assert not actions & {"s3:GetObject", "secretsmanager:GetSecretValue", "ssm:GetParameter", "kms:Decrypt"}


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
