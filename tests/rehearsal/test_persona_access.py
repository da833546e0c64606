"""People on the cluster: their AWS identity, `aws eks get-token`, kubectl, and the rights of the program."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml

from groundplan.audit.sources import from_cluster
from groundplan.rehearsal.world import ACCOUNT_ID
from infra.conventions import TENANT_PERSONAS, Persona
from tests.rehearsal.test_emulator_cluster import (
    CLUSTER,
    Person,
    admin,  # noqa: F401 - a fixture
    deployer,  # noqa: F401 - a fixture
    eventually,
    iam_kubeconfig,
    new_person,
)
from tests.unit.infra.recording import dev_estate

pytestmark = pytest.mark.rehearsal

TENANT, THEIRS, OTHERS = "vision", "tenant-vision", "tenant-audio"
KINDS = ("Namespace", "ServiceAccount", "ResourceQuota", "LimitRange", "Role", "RoleBinding", "CronJob")
"""Of a tenant, what a run or a right of somebody is about."""
CASES = yaml.safe_load(Path(__file__).with_name("persona_matrix.yaml").read_text(encoding="utf-8"))["cases"]
PERSONAS = (*TENANT_PERSONAS, Persona.AUDITOR)


def _role(persona: Persona) -> str:
    return persona if persona == Persona.AUDITOR else f"{TENANT}-{persona}"


def _admit(deployer: Person, name: str) -> None:  # noqa: F811 - a fixture's name
    """The access entry that the program registers under a name, with its policies."""
    entry = dev_estate().one("aws:eks/accessEntry:AccessEntry", name).inputs
    eks, principal = deployer.aws("eks"), f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"
    eks.create_access_entry(
        clusterName=CLUSTER,
        principalArn=principal,
        kubernetesGroups=entry.get("kubernetesGroups", []),
        type=entry["type"],
    )
    for policy in dev_estate().of("aws:eks/accessPolicyAssociation:AccessPolicyAssociation"):
        if policy.name == name:
            eks.associate_access_policy(
                clusterName=CLUSTER,
                principalArn=principal,
                policyArn=policy.inputs["policyArn"],
                accessScope=policy.inputs["accessScope"],
            )


@pytest.fixture(scope="module")
def people(deployer: Person, admin: Person) -> dict[str, Person]:  # noqa: F811 - fixtures
    """Somebody of each persona, in a session of a role that the cluster knows as the program says."""
    for manifest in dev_estate().tenant_objects(TENANT, kinds=KINDS):
        admin.must("apply", "--server-side", "--filename", "-", manifest=manifest)
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        role = dev_estate().one(f"kubernetes:rbac.authorization.k8s.io/v1:{kind}", Persona.AUDITOR)
        admin.must("apply", "--server-side", "--filename", "-", manifest=role.manifest)
    admin.must("create", "namespace", OTHERS)
    found: dict[str, Person] = {}
    for persona in PERSONAS:
        found[persona] = new_person(deployer, _role(persona))
        _admit(deployer, _role(persona))
        look = partial(found[persona].can, "get", "pods", "--namespace", THEIRS)
        eventually(look, f"{persona} looks")
    return found


@pytest.fixture(scope="module")
def logins(people: dict[str, Person]) -> dict[str, Person]:
    """The same people, each with one token of `aws eks get-token` for all calls of kubectl."""
    return {persona: _with_token(persona, person) for persona, person in people.items()}


def _with_token(persona: str, person: Person) -> Person:
    config = json.loads(iam_kubeconfig(person.world).read_text())
    login = config["users"][0]["user"].pop("exec")
    asked = subprocess.run(
        [login["command"], *login["args"]],
        env=person.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    config["users"][0]["user"]["token"] = json.loads(asked.stdout)["status"]["token"]
    file = person.world.folder / f"{persona}.kubeconfig"
    file.write_text(json.dumps(config))
    return replace(person, kubeconfig=file)


@pytest.mark.parametrize(
    ("persona", "expected", "what", "where"),
    CASES,
    ids=[f"{case[0]} {case[2]} in {case[3]}" for case in CASES],
)
def test_what_each_persona_may_do(
    logins: dict[str, Person], persona: str, expected: str, what: str, where: str
) -> None:
    """Asked of the API server, which asks its authorizers."""
    place = ("--namespace", where) if where else ("--all-namespaces",)
    answer = logins[persona].run("auth", "can-i", *what.split(), *place)
    assert answer.stdout.strip() == ("yes" if expected == "allow" else "no"), answer.stderr


def test_an_ml_engineer_starts_a_run_from_the_template(people: dict[str, Person]) -> None:
    """And ends it; a template of its own is refused, and so is a shell in a pod."""
    engineer = people[Persona.ML_ENGINEER]
    engineer.must("create", "job", "run", "--from=cronjob/training", "--namespace", THEIRS)
    engineer.must("delete", "job", "run", "--namespace", THEIRS)
    refused = engineer.run(
        *("create", "cronjob", "mine", "--image=none", "--schedule=0 0 * * *", "--namespace", THEIRS)
    )
    assert "forbidden" in refused.stderr


def test_the_auditor_audits_the_cluster(people: dict[str, Person], monkeypatch: pytest.MonkeyPatch) -> None:
    """By the audit's own call, which fails if one kind is kept from it."""
    auditor = people[Persona.AUDITOR]
    for name, value in auditor.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{auditor.kubectl.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", str(iam_kubeconfig(auditor.world)))
    judged = {each.type.rpartition(":")[2] for each in from_cluster("dev").resources}
    assert judged >= {"Namespace", "Role", "RoleBinding", "ServiceAccount", "CronJob", "ResourceQuota"}


def test_a_data_scientist_starts_none(people: dict[str, Person]) -> None:
    """Looking is not running."""
    refused = people[Persona.DATA_SCIENTIST].run(
        *("create", "job", "run", "--from=cronjob/training", "--namespace", THEIRS)
    )
    assert 'cannot create resource "jobs"' in refused.stderr


def test_an_identity_without_an_entry_gets_no_further_than_the_door(deployer: Person) -> None:  # noqa: F811
    """The role of a persona of another tenant, say, before the program has admitted it."""
    assert not new_person(deployer, "audio-ml-engineer").can("get", "pods", "--namespace", OTHERS)
