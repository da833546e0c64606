"""Karpenter's kinds on a real API server: it takes what the program registers, and nothing that is wrong."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from groundplan.rehearsal.toolchain import Toolbox, karpenter_crds
from groundplan.rehearsal.world import World
from infra.kubernetes.karpenter import generated_definitions
from tests.unit.infra.recording import prod_estate

pytestmark = pytest.mark.rehearsal

POOL = "kubernetes:karpenter.sh/v1:NodePool"
CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
_SERVED_WITHIN_S = 30

Apply = Callable[[dict[str, Any]], subprocess.CompletedProcess[str]]
Json = dict[str, Any]


def _manifest(type_: str, name: str) -> Json:
    """An object as the program registers it, with ids in the place of those that mocks make up."""
    manifest = deepcopy(prod_estate().one(type_, name).inputs)
    if type_ == CLASS:
        spec = manifest["spec"]
        spec["subnetSelectorTerms"] = [
            {**term, "id": f"subnet-{index:017x}"} for index, term in enumerate(spec["subnetSelectorTerms"])
        ]
        spec["securityGroupSelectorTerms"] = [
            {**term, "id": f"sg-{0:017x}"} for term in spec["securityGroupSelectorTerms"]
        ]
    return manifest


@pytest.fixture(scope="module")
def kubectl(control_plane: World, toolbox: Toolbox) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs kubectl as the rehearsal's administrator."""

    def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        argv = [str(toolbox.obtain("kubectl")), "--kubeconfig", str(control_plane.admin_kubeconfig)]
        return subprocess.run([*argv, *arguments], check=False, capture_output=True, text=True, input=stdin)

    return run


@pytest.fixture(scope="module")
def apply(kubectl: Callable[..., subprocess.CompletedProcess[str]]) -> Apply:
    """Applies an object, once Karpenter's kinds are served."""
    for definition in generated_definitions():
        done = kubectl("apply", "--server-side", "--filename", "-", stdin=json.dumps(definition))
        assert done.returncode == 0, done.stderr
        name = f"crd/{definition['metadata']['name']}"
        done = kubectl("wait", "--for=condition=Established", f"--timeout={_SERVED_WITHIN_S}s", name)
        assert done.returncode == 0, done.stderr

    def run(manifest: Json) -> subprocess.CompletedProcess[str]:
        return _when_served(
            lambda: kubectl("apply", "--server-side", "--filename", "-", stdin=json.dumps(manifest))
        )

    return run


def _when_served(attempt: Callable[[], subprocess.CompletedProcess[str]]) -> subprocess.CompletedProcess[str]:
    """Kubectl learns of new kinds a moment after they are established."""
    end = time.monotonic() + _SERVED_WITHIN_S
    while True:
        done = attempt()
        if "no matches for kind" not in done.stderr or time.monotonic() > end:
            return done
        time.sleep(1)


def test_kinds_are_those_of_the_pinned_module() -> None:
    """What the program installs is what `python -m groundplan.rehearsal.toolchain.karpenter_crds` writes."""
    assert karpenter_crds.FILE.read_text() == karpenter_crds.current()


@pytest.mark.parametrize(
    ("type_", "name"),
    [(CLASS, "cpu-nodes"), (CLASS, "evaluation-nodes"), (POOL, "cpu"), (POOL, "evaluation")],
)
def test_what_the_program_registers_is_accepted_as_it_is(
    apply: Apply, kubectl: Callable[..., subprocess.CompletedProcess[str]], type_: str, name: str
) -> None:
    """No field is refused, and none is dropped in silence."""
    manifest = _manifest(type_, name)
    done = apply(manifest)
    assert done.returncode == 0, done.stderr
    kind, object_name = manifest["kind"].lower(), manifest["metadata"]["name"]
    stored = json.loads(kubectl("get", kind, object_name, "--output=json").stdout)
    assert _holds(stored["spec"], manifest["spec"]) == []


def _holds(stored: Any, given: Any, path: str = "spec") -> list[str]:
    """Paths of what was given and is not stored."""
    if isinstance(given, dict):
        return [
            found
            for key, value in given.items()
            for found in (_holds(stored[key], value, f"{path}.{key}") if key in stored else [f"{path}.{key}"])
        ]
    if isinstance(given, list):
        return [
            found
            for index, value in enumerate(given)
            for found in _holds(stored[index], value, f"{path}.{index}")
        ]
    return [] if stored == given else [f"{path}: {stored!r}, not {given!r}"]


def _budget_without_duration(spec: Json) -> None:
    del spec["disruption"]["budgets"][2]["duration"]


def _no_types(spec: Json) -> None:
    spec["template"]["spec"]["requirements"][0]["values"] = []


def _label_of_karpenters(spec: Json) -> None:
    spec["template"]["metadata"]["labels"]["karpenter.sh/nodepool"] = "other"


def _unknown_field(spec: Json) -> None:
    spec["disruption"]["budget"] = []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_budget_without_duration, "'schedule' must be set with 'duration'"),
        (_no_types, "requirements with operator 'In' must have a value defined"),
        (_label_of_karpenters, 'label "karpenter.sh/nodepool" is restricted'),
        (_unknown_field, "field not declared in schema"),
    ],
)
def test_a_wrong_pool_is_refused(apply: Apply, change: Callable[[Json], None], said: str) -> None:
    """By the validations of the kind, in its words."""
    manifest = _manifest(POOL, "cpu")
    manifest["metadata"]["name"] = "wrong"
    change(manifest["spec"])
    done = apply(manifest)
    assert done.returncode != 0
    assert said in done.stderr


def _role_beside_profile(spec: Json) -> None:
    spec["role"] = "another"


def _two_images(spec: Json) -> None:
    spec["amiSelectorTerms"].append({"id": "ami-0123456789abcdef0"})


def _volume_without_size(spec: Json) -> None:
    del spec["blockDeviceMappings"][0]["ebs"]["volumeSize"]


def _subnet_by_id_and_tag(spec: Json) -> None:
    spec["subnetSelectorTerms"] = [{"id": "subnet-0123456789abcdef0", "tags": {"a": "b"}}]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_role_beside_profile, "must specify exactly one of ['role', 'instanceProfile']"),
        (_two_images, "'alias' is mutually exclusive, cannot be set with a combination of other amiSelector"),
        (_volume_without_size, "snapshotID or volumeSize must be defined"),
        (_subnet_by_id_and_tag, "'id' is mutually exclusive"),
    ],
)
def test_a_wrong_class_is_refused(apply: Apply, change: Callable[[Json], None], said: str) -> None:
    """By the validations of the kind, in its words."""
    manifest = _manifest(CLASS, "cpu-nodes")
    manifest["metadata"]["name"] = "wrong"
    change(manifest["spec"])
    done = apply(manifest)
    assert done.returncode != 0
    assert said in done.stderr
