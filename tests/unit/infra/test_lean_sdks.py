"""Lean packages of the SDKs: the same program from fewer modules, and nothing of an SDK missing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Any

from tests.unit.infra.recording import PROJECT_ROOT, Recording, estate_of

_LEAN = "from infra import lean_sdks; lean_sdks.install()\n"
_RECORD = """
import json, sys
from tests.unit.infra.recording import estate_of
from tests.unit.infra.test_lean_sdks import registered
estate = estate_of("dev")
modules = [name for name in sys.modules if name.startswith("pulumi_aws.ec2.")]
print(json.dumps({"registered": registered(estate), "modules": modules}))
"""


def registered(estate: Recording) -> dict[str, Any]:
    """All that a program registered, by URN, as JSON."""
    facts = {}
    for each in estate.resources:
        made_from = {key: sorted(urns) for key, urns in each.property_dependencies.items()}
        facts[each.urn] = {
            **asdict(each),
            "dependencies": sorted(each.dependencies),
            "property_dependencies": made_from,
        }
    return json.loads(json.dumps(facts))


def _lean(program: str) -> str:
    """What a program prints that is started with lean packages: those of this process are loaded already."""
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", _LEAN + program],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_registers_the_same_from_fewer_modules() -> None:
    """Inputs, options and dependencies of every resource are equal; `ec2` alone has 182 modules."""
    found = json.loads(_lean(_RECORD).splitlines()[-1])
    assert found["registered"] == registered(estate_of("dev"))
    assert len(found["modules"]) < 40


def test_what_a_leaf_import_left_out_comes_when_it_is_asked_for() -> None:
    """Classes, functions, input types and modules; where a module and a class share a name, the class."""
    program = """
from pulumi_aws.ec2.vpc import Vpc
from pulumi_kubernetes.apps.v1.Deployment import Deployment
import pulumi_aws, pulumi_kubernetes, inspect
ec2, apps = pulumi_aws.ec2, pulumi_kubernetes.apps.v1
assert ec2.SecurityGroupIngressArgs.__name__ == "SecurityGroupIngressArgs"
assert ec2.outputs.SecurityGroupIngress and "_is_complete" not in vars(ec2)
assert ec2.Vpc is Vpc and inspect.isfunction(ec2.get_vpc) and inspect.isclass(ec2.Subnet)
assert apps.Deployment is Deployment and inspect.isclass(apps.StatefulSet)
import pulumi_aws.ec2.vpc as leaf
assert leaf is ec2.vpc and inspect.ismodule(leaf)
from pulumi_aws.eks import *
assert inspect.isclass(Cluster) and NodeGroup
assert not hasattr(ec2, "Nothing") and not hasattr(pulumi_aws.s3, "Nothing")
"""
    _lean(program)


def test_references_of_the_engine_become_resources() -> None:
    """The SDK finds the class of a resource by its package, whatever was imported before."""
    program = """
import pulumi
from pulumi.runtime import mocks, rpc, set_mocks
from pulumi_aws.ec2.vpc import Vpc
from pulumi_kubernetes.core.v1.Namespace import Namespace

class Nothing(mocks.Mocks):
    def new_resource(self, args): return args.name, args.inputs
    def call(self, args): return {}

set_mocks(Nothing())

@pulumi.runtime.test
async def run():
    for token, kind in (("aws:ec2/vpc:Vpc", Vpc), ("kubernetes:core/v1:Namespace", Namespace)):
        urn = await kind("one").urn.future()
        found = rpc.get_resource_module(*token.split(":")[:2], "")
        assert type(found.construct("one", token, urn)) is kind

run()
"""
    _lean(program)


def test_packages_that_are_loaded_stay_as_they_are() -> None:
    """Late is no reason to fail: nothing that somebody holds is replaced."""
    program = """
import pulumi_aws.s3.bucket, sys
before = sys.modules["pulumi_aws.s3"]
lean_sdks.install()
assert sys.modules["pulumi_aws.s3"] is before
"""
    _lean(program)
