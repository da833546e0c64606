"""Runs Pulumi programs against mocks to their end, and hands over what they registered."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from inspect import isawaitable
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks, rpc, set_mocks

from groundplan.standby.stack_file import standby_config
from infra.aws.layer import build_aws
from infra.aws.providers import aws_providers
from infra.conventions import TENANT_LABEL, default_tags
from infra.exports import stack_outputs
from infra.kubernetes.layer import build_kubernetes
from infra.settings import Release, Settings, parse_settings
from infra.settings.recovery import STANDBY_SUFFIX

PROJECT_ROOT = Path(__file__).resolve().parents[3]
DEV_STACK = PROJECT_ROOT / "stacks" / "Pulumi.dev.yaml"
ACCOUNT_ID = "123456789012"
REGISTRY = f"{ACCOUNT_ID}.dkr.ecr.eu-central-1.amazonaws.com"
SNAPSHOT = f"arn:aws:rds:eu-west-1:{ACCOUNT_ID}:cluster-snapshot:awsbackup:copyjob-1"
"""What a standby's database begins with."""
DIGESTS = {
    service: "sha256:" + digit * 64
    for service, digit in (("ingest", "a"), ("training", "b"), ("inference", "c"))
}


@dataclass(frozen=True, kw_only=True)
class Registered:
    """One resource as the engine sees it."""

    urn: str
    parent: str
    type: str
    name: str
    inputs: dict[str, Any]
    custom: bool
    provider: str
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]
    dependencies: frozenset[str]
    property_dependencies: dict[str, tuple[str, ...]]

    @property
    def manifest(self) -> dict[str, Any]:
        """An object of Kubernetes, with the kind that only its type names where the SDK leaves it out."""
        version, _, kind = self.type.removeprefix("kubernetes:").rpartition(":")
        return {"apiVersion": version.removeprefix("core/"), "kind": kind, **deepcopy(self.inputs)}

    def document(self, key: str = "policy") -> list[dict[str, Any]]:
        """The statements of a policy document among its inputs."""
        return json.loads(self.inputs[key])["Statement"]


@dataclass
class Recording(mocks.Mocks):
    """Everything that a program registered, and what it returned.

    With `preview` a new resource has no id yet and no property but its inputs, and what was made of others is
    unknown: the first preview of an empty account.
    """

    preview: bool = False
    resources: list[Registered] = field(default_factory=list)
    component_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    result: Any = None

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Make up what AWS would compute: the state is the inputs and what the type computes."""
        inputs = dict(args.inputs)
        if self.preview:
            return None, inputs
        computed = _COMPUTED.get(args.typ, lambda _name, _inputs: {})(args.name, inputs)
        return f"{args.name}-id", {"arn": f"arn:of:{args.typ}:{args.name}", **inputs, **computed}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The questions that the program asks AWS."""
        if args.token == "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings":
            return _offerings(args.args, self._region_of(args.provider)), []
        assert args.token == "aws:index/getCallerIdentity:getCallerIdentity"
        arn = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/deployer/session"
        return {"accountId": ACCOUNT_ID, "arn": arn}, []

    def _region_of(self, provider: str) -> str:
        """Of a provider by its reference, which is its URN and its id."""
        [region] = [each.inputs["region"] for each in self.resources if provider.startswith(f"{each.urn}::")]
        return region

    def of(self, type_: str) -> list[Registered]:
        """All resources of one type, e.g. `aws:s3/bucket:Bucket`, by name: they come in any order."""
        found = [resource for resource in self.resources if resource.type == type_]
        return sorted(found, key=lambda resource: resource.name)

    def tenant_objects(self, *tenants: str, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
        """Manifests of tenants' Kubernetes objects of some kinds, in the order of the kinds."""
        return [
            each.manifest
            for kind in kinds
            for each in self.resources
            if each.type.startswith("kubernetes:")
            and each.type.endswith(f":{kind}")
            and each.inputs["metadata"].get("labels", {}).get(TENANT_LABEL) in tenants
        ]

    def one(self, type_: str, name: str | None = None) -> Registered:
        """The only resource of one type (and name)."""
        found = [resource for resource in self.of(type_) if name in (None, resource.name)]
        assert len(found) == 1, f"{len(found)} of {type_} {name}: {[one.name for one in self.of(type_)]}"
        return found[0]


class _Monitor(mocks.MockMonitor):
    """A monitor that also keeps the options of each resource, which mocks do not see."""

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        recording = self.mocks
        assert isinstance(recording, Recording)
        if request.type != "pulumi:pulumi:Stack":
            recording.resources.append(
                Registered(
                    urn=self.make_urn(request.parent, request.type, request.name),
                    parent=request.parent,
                    type=request.type,
                    name=request.name,
                    inputs=rpc.deserialize_properties(request.object, keep_unknowns=recording.preview),
                    custom=request.custom,
                    provider=request.provider,
                    protect=request.protect,
                    retain_on_delete=request.retainOnDelete,
                    ignore_changes=tuple(request.ignoreChanges),
                    dependencies=frozenset(request.dependencies),
                    property_dependencies={
                        key: tuple(each.urns) for key, each in request.propertyDependencies.items()
                    },
                )
            )
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        recording = self.mocks
        assert isinstance(recording, Recording)
        recording.component_outputs[request.urn] = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


_COMPUTED: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
    "aws:eks/cluster:Cluster": lambda name, inputs: {
        "vpcConfig": inputs["vpcConfig"] | {"clusterSecurityGroupId": f"{name}-nodes"},
        "endpoint": f"https://{name}.eks.example",
        "certificateAuthority": {"data": "Q0E="},
    },
    "aws:s3/accessPoint:AccessPoint": lambda name, _: {"alias": f"{name}-s3alias"},
    "aws:ecr/repository:Repository": lambda _, inputs: {"repositoryUrl": f"{REGISTRY}/{inputs['name']}"},
    "aws:rds/cluster:Cluster": lambda name, _: {
        "endpoint": f"{name}.cluster.example",
        "readerEndpoint": f"{name}.cluster-ro.example",
        "clusterResourceId": "cluster-EXAMPLE",
        "masterUserSecrets": [{"secretArn": f"arn:of:secret:{name}"}],
    },
    "aws:elasticache/replicationGroup:ReplicationGroup": lambda name, _: {
        "primaryEndpointAddress": f"master.{name}.example",
        "readerEndpointAddress": f"replica.{name}.example",
    },
    "aws:acm/certificate:Certificate": lambda _, inputs: {
        "domainValidationOptions": [
            {
                "domainName": inputs["domainName"],
                "resourceRecordName": f"_proof.{inputs['domainName']}.",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": "_value.acm-validations.example.",
            }
        ]
    },
    "aws:cloudfront/distribution:Distribution": lambda name, _: {
        "domainName": f"{name}.cloudfront.example",
        "hostedZoneId": "ZEXAMPLE",
    },
    "aws:route53/record:Record": lambda _, inputs: {"fqdn": inputs["name"]},
    "aws:route53/zone:Zone": lambda name, _: {"zoneId": f"{name}-id", "nameServers": ["ns-1.example"]},
    "aws:msk/configuration:Configuration": lambda _, __: {"latestRevision": 1},
    "aws:msk/cluster:Cluster": lambda name, _: {"bootstrapBrokersSaslIam": f"b-1.{name}.example:9098"},
    "aws:msk/serverlessCluster:ServerlessCluster": lambda name, _: {
        "bootstrapBrokersSaslIam": f"boot.{name}.example:9098"
    },
    "aws:fsx/lustreFileSystem:LustreFileSystem": lambda name, _: {
        "dnsName": f"{name}.fsx.example",
        "mountName": "mounted",
    },
    "aws:ec2/vpcEndpoint:VpcEndpoint": lambda name, _: {"dnsEntries": [{"dnsName": f"{name}.vpce.example"}]},
    "aws:grafana/workspace:Workspace": lambda name, _: {"endpoint": f"{name}.grafana.example"},
    "aws:amp/workspace:Workspace": lambda name, _: {"prometheusEndpoint": f"https://{name}.aps.example/"},
    "aws:ec2/launchTemplate:LaunchTemplate": lambda _, __: {"latestVersion": 1},
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": lambda name, _: {
        "associationArn": f"arn:of:association:{name}"
    },
}


def _offerings(question: dict[str, Any], region: str) -> dict[str, Any]:
    """What EC2 said on the day that moto's record of it was made."""
    assert question["locationType"] == "availability-zone"
    [names] = [each["values"] for each in question["filters"] if each["name"] == "instance-type"]
    # The file, because to import the module of moto that reads it takes seconds.
    folder = files("moto") / "ec2/resources/instance_type_offerings/availability-zone"
    record = json.loads(gzip.decompress((folder / f"{region}.json.gz").read_bytes()))
    found = [each for each in record if each["InstanceType"] in names]
    return {
        "instanceTypes": [each["InstanceType"] for each in found],
        "locations": [each["Location"] for each in found],
    }


def record(program: Callable[[], Any], stack: str = "dev", *, preview: bool = False) -> Recording:
    """Run `program` until all it started has ended; what it returns is awaited and becomes `result`."""
    recording = Recording(preview=preview)
    set_mocks(recording, project="groundplan", stack=stack, preview=preview, monitor=_Monitor(recording))

    @pulumi.runtime.test
    async def run() -> None:
        result = program()
        if isawaitable(result):
            result = await result
        if result is not None:
            recording.result = await pulumi.Output.from_input(result).future()

    run()
    return recording


def dev_config() -> dict[str, Any]:
    """The configuration in the dev stack file, to be changed at will."""
    return deepcopy(_dev_config())


@cache
def _dev_config() -> dict[str, Any]:
    return yaml.safe_load(DEV_STACK.read_text(encoding="utf-8"))["config"]


def dev_settings(**platform: Any) -> Settings:
    """The dev stack's settings, with some top-level keys of the platform replaced."""
    config = dev_config()
    return parse_settings(
        region=config["aws:region"], platform=config["groundplan:platform"] | platform, stack="dev"
    )


def sleepless() -> dict[str, Any]:
    """Dev's operations, with pools that are there at night."""
    return dev_config()["groundplan:platform"]["operations"] | {"working_hours": None}


async def run_program(settings: Settings) -> dict[str, Any]:
    """What `infra/__main__.py` does between reading its inputs and exporting."""
    environment = settings.platform.environment
    tags = default_tags(environment=environment, stack=environment, owner="owner", cost_center="center")
    estate = await build_aws(settings, aws_providers(settings, tags))
    tenants = build_kubernetes(settings, estate, Release.model_validate({"images": DIGESTS}))
    return stack_outputs(settings, estate, tenants)


@cache
def dev_estate() -> Recording:
    """The whole dev stack, recorded once."""
    return record(lambda: run_program(dev_settings()))


def stack_config(environment: str) -> dict[str, Any]:
    """The configuration in a stack file; of a standby, what is made of its environment's."""
    named = environment.removesuffix(STANDBY_SUFFIX)
    config = yaml.safe_load((PROJECT_ROOT / "stacks" / f"Pulumi.{named}.yaml").read_text())["config"]
    return config if named == environment else standby_config(config, SNAPSHOT)


@cache
def estate_of(environment: str, *, preview: bool = False) -> Recording:
    """The whole stack of one environment, from its own file, recorded once."""
    config = stack_config(environment)
    settings = parse_settings(
        region=config["aws:region"], platform=config["groundplan:platform"], stack=environment
    )
    return record(lambda: run_program(settings), stack=environment, preview=preview)


def recovery(**changes: Any) -> dict[str, Any]:
    """Settings of a second region, with some keys replaced."""
    targets = {"recovery_minutes": 240, "lake_loss_minutes": 15, "database_loss_minutes": 1980}
    zones = ["eu-north-1a", "eu-north-1b", "eu-north-1c"]
    return {"region": "eu-north-1", "availability_zones": zones, "targets": targets, **changes}


@cache
def guarded_estate() -> Recording:
    """The same with what a production environment sets: protected data, replicas, brokers, an edge, ..."""
    platform = dev_config()["groundplan:platform"]
    network = platform["network"] | {"nat_gateways": "one-per-zone"}
    schema = {"definition": {"type": "object", "properties": {"time": {"type": "string"}}}}
    streaming = {"form": "provisioned", "schemas": {"observations": schema}}
    edge = {"domain": "ai.example.com", "origin": "a.example.net", "standby_origin": "b.example.net"}
    platform["gpu_pools"]["gpu"] |= {"zone": "eu-central-1a", "efa": True}
    elastic = {"instance_types": ["m7i.xlarge"], "max_nodes": 2}
    vision = platform["tenants"]["vision"]
    vision["training"] |= {"nodes": 2, "gpus_per_node": 4, "filesystem": {}}
    vision["inference"]["replicas"]["max"] = 16
    settings = dev_settings(
        protect_data=True,
        network=network,
        streaming=streaming,
        edge=edge,
        recovery=recovery(),
        gpu_pools=platform["gpu_pools"],
        elastic_pools={"cpu": elastic},
        tenants=platform["tenants"],
    )
    return record(lambda: run_program(settings))


def prod_estate() -> Recording:
    """The whole prod stack."""
    return estate_of("prod")
