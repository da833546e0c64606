"""Preview and drift check as CI's reader: first to learn what they call, then with those rights alone."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from groundplan.rehearsal import deployer_policy, inventory, shell, stack
from groundplan.rehearsal.engines.aws_provider import ReadersAwsProvider
from groundplan.rehearsal.engines.base import ProcessEngine
from groundplan.rehearsal.engines.kubernetes_provider import ReadersKubernetesProvider
from groundplan.rehearsal.providers import grpc_server
from groundplan.rehearsal.scenario.stage import Stage
from groundplan.rehearsal.scenario.steps.platform import expect_no_change, take_over
from groundplan.rehearsal.world import ACCOUNT_ID, READER
from infra.conventions import physical_name

_DRIFT = ("--refresh",)


def look(stage: Stage) -> None:
    """Look for drift as CI does, twice: the second time held to what the first time needed."""
    take_over(stage)
    _release(_observers_iam(stage))
    with providers(stage) as variables:
        _preview(stage, variables)
        with held(stage) as actions:
            found = _preview(stage, variables)
            refused = [what for what, call in _forbidden(stage).items() if _is_refused(stage, *call)]
    stage.record.figures |= {"actions": actions, "changes": found.changed}
    expect_no_change(stage, "changes that the reader finds", found)
    stage.record.check("what the reader is refused", expected=list(_forbidden(stage)), actual=refused)


def _forbidden(stage: Stage) -> dict[str, tuple[str, str, dict[str, str]]]:
    """What nobody who only looks may do, as calls: service, operation, arguments."""
    name = physical_name(stage.world.environment, "raw", ACCOUNT_ID)
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    return {
        "giving itself rights": ("iam", "attach_role_policy", {"RoleName": READER, "PolicyArn": everything}),
        "making a network": ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}),
        "reading the lake": ("s3", "get_object", {"Bucket": name, "Key": "vision/any"}),
        "writing to the lake": ("s3", "put_object", {"Bucket": name, "Key": "vision/any"}),
    }


def _preview(stage: Stage, variables: Mapping[str, str]) -> stack.StackResult:
    result = stack.run(stage.world, "preview", options=_DRIFT, variables=variables)
    stage.record.ran(result.command, exit_code=result.exit_code, seconds=result.seconds)
    return result


@contextmanager
def providers(stage: Stage) -> Generator[dict[str, str]]:
    """Providers that have the reader's session; what the reader's shell has beyond the deployer's."""
    world = stage.world
    engines: dict[str, ProcessEngine] = {"aws": ReadersAwsProvider()}
    if world.scope == "all":
        engines["kubernetes"] = ReadersKubernetesProvider()
    ports = dict(each.split(":") for each in stage.shell_environment["PULUMI_DEBUG_PROVIDERS"].split(","))
    try:
        for package, engine in engines.items():
            engine.obtain(stage.toolbox)
            engine.stop(world)  # that of a killed run may wait for calls that nobody wants any more
            engine.start(world)
            stage.wait(
                engine.name, lambda engine=engine: engine.ready(world), timeout_s=engine.ready_timeout_s
            )
            ports[package] = str(grpc_server.listening_port(world.run / f"{engine.name}.port"))
        named = ",".join(f"{package}:{port}" for package, port in ports.items())
        yield {**shell.session_of(world.readers_credentials), "PULUMI_DEBUG_PROVIDERS": named}
    finally:
        for engine in engines.values():
            engine.stop(world)


@contextmanager
def held(stage: Stage) -> Generator[int]:
    """The reader may do what its calls needed so far, and nothing else; how many actions that are."""
    documents = deployer_policy.derive(stage.world, READER)
    iam = _observers_iam(stage)
    try:
        for number, document in enumerate(documents):
            made = iam.create_policy(PolicyName=f"{READER}-{number}", PolicyDocument=json.dumps(document))
            iam.attach_role_policy(RoleName=READER, PolicyArn=made["Policy"]["Arn"])
        yield len({name for each in documents for one in each["Statement"] for name in one["Action"]})
    finally:
        _release(iam)


def _release(iam: Any) -> None:
    """Give the reader every right; what a killed run of this step left is gone then, too."""
    for policy in iam.list_attached_role_policies(RoleName=READER)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=READER, PolicyArn=policy["PolicyArn"])
        iam.delete_policy(PolicyArn=policy["PolicyArn"])


def _observers_iam(stage: Stage) -> Any:
    return _client(stage, "iam", inventory.credentials_file(stage.world))


def _client(stage: Stage, service: str, session: Path) -> Any:
    world, credentials = stage.world, json.loads(session.read_text())
    connect = inventory.connector(world.aws_endpoint_url, world.certificate_authority, credentials)
    return connect(service, region_name=world.region)


def _is_refused(stage: Stage, service: str, operation: str, arguments: Mapping[str, str]) -> bool:
    client = _client(stage, service, stage.world.readers_credentials)
    try:
        getattr(client, operation)(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"] in {"AccessDenied", "UnauthorizedOperation"}
    return False
