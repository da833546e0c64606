"""What holds for every component of `infra/`, without naming one."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pytest

import infra.aws
import infra.kubernetes
from infra.conventions import ComponentType
from tests.unit.infra.recording import PROJECT_ROOT, guarded_estate

TYPE_TOKENS = {
    "AccessPoints": "groundplan:aws:AccessPoints",
    "Admission": "groundplan:kubernetes:Admission",
    "AuditorAccess": "groundplan:kubernetes:AuditorAccess",
    "Audit": "groundplan:aws:Audit",
    "BackupCopies": "groundplan:aws:BackupCopies",
    "Cache": "groundplan:aws:Cache",
    "Catalogue": "groundplan:aws:Catalogue",
    "Cluster": "groundplan:aws:Cluster",
    "ClusterAddons": "groundplan:aws:ClusterAddons",
    "Dashboards": "groundplan:aws:Dashboards",
    "DataStores": "groundplan:aws:DataStores",
    "Edge": "groundplan:aws:Edge",
    "ElasticNodes": "groundplan:aws:ElasticNodes",
    "ElasticPool": "groundplan:kubernetes:ElasticPool",
    "Encryption": "groundplan:aws:Encryption",
    "FabricDriver": "groundplan:kubernetes:FabricDriver",
    "GpuPool": "groundplan:aws:GpuPool",
    "Identity": "groundplan:aws:Identity",
    "Inference": "groundplan:kubernetes:Inference",
    "Ingest": "groundplan:kubernetes:Ingest",
    "Karpenter": "groundplan:kubernetes:Karpenter",
    "Lake": "groundplan:aws:Lake",
    "Network": "groundplan:aws:Network",
    "Operations": "groundplan:aws:Operations",
    "MetricsCollector": "groundplan:aws:MetricsCollector",
    "QuotaRequests": "groundplan:aws:QuotaRequests",
    "Registry": "groundplan:aws:Registry",
    "Replicas": "groundplan:aws:Replicas",
    "Replication": "groundplan:aws:Replication",
    "SchemaRegistry": "groundplan:aws:SchemaRegistry",
    "StreamAccess": "groundplan:aws:StreamAccess",
    "StreamQuotas": "groundplan:kubernetes:StreamQuotas",
    "Streaming": "groundplan:aws:Streaming",
    "SystemPool": "groundplan:aws:SystemPool",
    "Tenant": "groundplan:kubernetes:Tenant",
    "Training": "groundplan:kubernetes:Training",
    "TrainingFilesystem": "groundplan:aws:TrainingFilesystem",
    "VolumeClass": "groundplan:kubernetes:VolumeClass",
    "VolumeDriver": "groundplan:aws:VolumeDriver",
    "WorkingHours": "groundplan:aws:WorkingHours",
    "ModelSigning": "groundplan:aws:ModelSigning",
    "WorkloadIdentity": "groundplan:aws:WorkloadIdentity",
}
"""Frozen: a token that changes replaces everything below it in every stack."""


def _modules() -> list[ModuleType]:
    return [
        importlib.import_module(info.name)
        for package in (infra.aws, infra.kubernetes)
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]


COMPONENTS = [
    member
    for module in _modules()
    for member in vars(module).values()
    if inspect.isclass(member)
    and issubclass(member, pulumi.ComponentResource)
    and member.__module__ == module.__name__
]
SOURCES = sorted((PROJECT_ROOT / "infra").rglob("*.py"))
each_component = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
each_source = pytest.mark.parametrize(
    "source", SOURCES, ids=lambda source: str(source.relative_to(PROJECT_ROOT))
)


def _companion(component: type, suffix: str) -> Any:
    """`NetworkArgs` of `Network`."""
    return getattr(importlib.import_module(component.__module__), f"{component.__name__}{suffix}")


def test_type_tokens_are_those_of_the_table() -> None:
    """Each component has its frozen token, and there is no token without a component."""
    registered = {resource.type for resource in guarded_estate().resources if not resource.custom}
    assert {component.__name__ for component in COMPONENTS} == set(TYPE_TOKENS)
    assert {str(token) for token in ComponentType} == set(TYPE_TOKENS.values()) == registered


@each_component
def test_arguments_and_outputs_are_frozen_keyword_only_dataclasses(component: type) -> None:
    """`<Name>Args` and `<Name>Outputs` stand beside the component and cannot be changed or mixed up."""
    for suffix in ("Args", "Outputs"):
        companion = _companion(component, suffix)
        assert dataclasses.is_dataclass(companion)
        parameters = vars(companion)["__dataclass_params__"]
        assert parameters.frozen
        assert all(field.kw_only for field in dataclasses.fields(companion))
        assert companion.__doc__
        assert not companion.__doc__.startswith(f"{companion.__name__}("), "a dataclass' generated docstring"


@each_component
def test_constructors_are_alike(component: type) -> None:
    """A component is made from a name, its arguments and Pulumi's options, in this order."""
    parameters = inspect.signature(component).parameters
    assert list(parameters) == ["name", "args", "opts"]
    assert parameters["args"].annotation == _companion(component, "Args").__name__
    assert parameters["opts"].default is None


@each_component
def test_every_argument_is_described(component: type) -> None:
    """The docstring of the arguments has a line for each of them."""
    arguments = _companion(component, "Args")
    missing = [
        field.name
        for field in dataclasses.fields(arguments)
        if f" {field.name}: " not in str(arguments.__doc__)
    ]
    assert not missing


@each_component
def test_registered_outputs_are_the_outputs_dataclass(component: type) -> None:
    """`register_outputs` is called, with the keys of `<Name>Outputs`."""
    estate = guarded_estate()
    instances = [one for one in estate.resources if one.type == TYPE_TOKENS[component.__name__]]
    assert instances
    keys = {field.name for field in dataclasses.fields(_companion(component, "Outputs"))}
    for instance in instances:
        assert set(estate.component_outputs[instance.urn]) == keys


@each_component
def test_everything_a_component_makes_is_below_it(component: type) -> None:
    """Steps of a component are private, and what they register has the component as parent."""
    public = [
        name
        for name, member in vars(component).items()
        if inspect.isfunction(member) and not name.startswith("_")
    ]
    assert not public
    estate = guarded_estate()
    instances = [one for one in estate.resources if one.type == TYPE_TOKENS[component.__name__]]
    for instance in instances:
        assert any(resource.parent == instance.urn for resource in estate.resources), instance.name


@pytest.mark.parametrize("suffix", ["", "Args", "Outputs"])
@each_component
def test_components_are_documented(component: type, suffix: str) -> None:
    """Module, component, arguments and outputs say what they are for."""
    documented = _companion(component, suffix) if suffix else component
    assert inspect.getdoc(documented)
    assert importlib.import_module(component.__module__).__doc__


def test_every_resource_goes_through_an_explicit_provider() -> None:
    """No resource falls back to whatever account or cluster the shell is logged in to."""
    strays = [
        resource.urn
        for resource in guarded_estate().resources
        if resource.custom and not resource.provider and not resource.type.startswith("pulumi:providers:")
    ]
    assert not strays


def test_the_provider_tags_everything() -> None:
    """Default tags say whose a resource is, what it belongs to and who made it."""
    for provider in guarded_estate().of("pulumi:providers:aws"):
        tags = provider.inputs["defaultTags"]
        for key in ("Project", "Environment", "Stack", "Owner", "CostCenter", "ManagedBy"):
            assert f'"{key}"' in str(tags)


def test_no_output_is_turned_into_text() -> None:
    """An Output in an f-string becomes a warning text: no input of any resource holds it."""
    spoilt = [
        resource.urn
        for resource in guarded_estate().resources
        if "__str__ on an Output" in str(resource.inputs) or "<pulumi.output" in str(resource.inputs)
    ]
    assert not spoilt


@each_source
def test_no_resource_is_made_inside_apply(source: Path) -> None:
    """What is made inside `apply` is missing from previews."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "apply":
            inner = [node for argument in call.args for node in ast.walk(argument)]
            made = [
                ast.unparse(node)
                for node in inner
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id[0].isupper()
            ]
            assert not made


@each_source
def test_only_the_program_reads_configuration(source: Path) -> None:
    """Components get arguments; `pulumi.Config` is read in one place."""
    if source.name != "__main__.py":
        assert "pulumi.Config" not in source.read_text(encoding="utf-8")


@each_source
def test_provider_sdks_are_imported_by_leaf(source: Path) -> None:
    """`import pulumi_aws` alone costs more start-up time than the program itself."""
    for node in ast.walk(_without_type_checking(ast.parse(source.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            assert not any(alias.name in {"pulumi_aws", "pulumi_kubernetes"} for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module in {"pulumi_aws", "pulumi_kubernetes"}:
            pytest.fail(f"{source.name} imports {ast.unparse(node)}")


def _without_type_checking(tree: ast.Module) -> ast.Module:
    body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]
    return ast.Module(body=body, type_ignores=[])


@each_source
def test_the_program_knows_no_test_world(source: Path) -> None:
    """There is no branch for a rehearsal: the world is swapped, not the program."""
    text = source.read_text(encoding="utf-8").lower()
    assert not [word for word in ("rehears", "moto", "emulat", "4566", "localhost") if word in text]
