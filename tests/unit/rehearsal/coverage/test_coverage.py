"""What a rehearsal covers: read from the provider's log and the emulator's record, kept, and shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from groundplan import reference
from groundplan.rehearsal.coverage import facts, provider_log
from groundplan.rehearsal.coverage.changed import changed_stack
from groundplan.rehearsal.coverage.facts import Facts, TypeFacts
from groundplan.rehearsal.coverage.page import render
from groundplan.rehearsal.coverage.program import resource_types
from groundplan.rehearsal.emulator.patching import Origin
from groundplan.rehearsal.providers.aws.environment import provider_environment
from groundplan.rehearsal.world import World
from infra.settings import load_stack_file
from tests.unit.infra.recording import estate_of

BY_SETTING = {"aws:ec2/capacityReservation:CapacityReservation"}
"""Types that no stack of ours asks for: no pool is bought as reserved."""
BUCKET, QUEUE = "aws:s3/bucket:Bucket", "aws:sqs/queue:Queue"


def _line(**fields: object) -> str:
    received = {"@message": "HTTP Response Received", "rpc.service": "S3", "rpc.method": "HeadBucket"}
    return (
        json.dumps(received | {"tf_resource_type": "aws_s3_bucket", "tf_rpc": "ReadResource"} | fields) + "\n"
    )


def test_calls_are_read_from_a_part_of_the_log(tmp_path: Path) -> None:
    """Answers to calls that were made for a resource, between two offsets; a line cut off is left out."""
    log = tmp_path / "provider.log"
    before, sent = _line(), _line(**{"@message": "HTTP Request Sent"})
    created = _line(**{"rpc.method": "CreateBucket", "tf_rpc": "ApplyResourceChange"})
    nameless = json.dumps({"@message": "HTTP Response Received", "rpc.service": "STS"}) + "\n"
    log.write_text(before + sent + created + nameless + _line()[:-9])
    assert list(provider_log.calls(log, len(before), log.stat().st_size)) == [
        provider_log.LoggedCall(type="aws_s3_bucket", reads=False, call="S3:CreateBucket")
    ]


def test_the_log_is_kept_for_a_recording_alone(tmp_path: Path) -> None:
    """It is large and holds what AWS is told: only who asks for it gets it."""
    world = World(id="t", environment="dev", region="eu-central-1", slot=63, folder=tmp_path)
    world.data.mkdir()
    credentials = dict.fromkeys(("AccessKeyId", "SecretAccessKey", "SessionToken"), "x")
    without = provider_environment(world, credentials, {}, proxy_url="http://127.0.0.1:1")
    assert not [name for name in without if name.startswith("TF_LOG")]
    provider_log.keep(world)
    kept = provider_environment(world, credentials, {}, proxy_url="http://127.0.0.1:1")
    assert kept["TF_LOG_PATH"] == str(provider_log.file_of(world))
    assert provider_log.file_of(world).stat().st_mode & 0o077 == 0


def _facts() -> Facts:
    found = Facts(runs={"dev": 2})
    for token, create in ((BUCKET, "S3:CreateBucket"), (QUEUE, "SQS:CreateQueue")):
        of_type = found.types.setdefault(token, TypeFacts())
        for stage in ("created", "read", "refreshed", "destroyed"):
            of_type.add(stage, {create} if stage == "created" else set())
    found.note_answers({"S3:CreateBucket": {Origin.MOTO, Origin.AMENDED}, "SQS:CreateQueue": {Origin.MOTO}})
    found.note_answers({"S3:CreateBucket": {Origin.MOTO}, "SNS:CreateTopic": {Origin.OURS}})
    return found


def test_what_is_amended_once_counts_as_such() -> None:
    """A later run may meet the other case of the same call."""
    found = _facts()
    assert found.origins(BUCKET, "created") == {Origin.AMENDED}
    assert found.origins(QUEUE, "created") == {Origin.MOTO}
    assert found.rehearsable(BUCKET)
    del found.types[BUCKET].resources["refreshed"]
    assert not found.rehearsable(BUCKET)


def test_facts_are_kept_and_shown(tmp_path: Path) -> None:
    """Who answered what no type needed is left out; the page tells what is missing."""
    file = tmp_path / "facts.json"
    facts.save(_facts(), file)
    kept = facts.load(file)
    assert set(kept.answered) == {"S3:CreateBucket", "SQS:CreateQueue"}
    page = render(kept, [BUCKET, QUEUE, "aws:ec2/vpc:Vpc"])
    assert "**2 of 3 types**" in page
    assert f"| `{BUCKET}` | 1 ours | 1 no call | - | 1 no call | 1 no call |" in page
    assert "1 of 3 types (33.3%)" in page
    assert "| `aws:ec2/vpc:Vpc` | not recorded |" in page


@pytest.mark.parametrize("environment", reference.environments())
def test_the_changed_stack_is_well_formed(environment: str, tmp_path: Path) -> None:
    """What is played to see updates is a stack that the program accepts, and another one than today's."""
    file = tmp_path / f"Pulumi.{environment}.yaml"
    file.write_text(yaml.safe_dump(changed_stack(environment)))
    assert load_stack_file(file).platform.owner == "another-team"


def test_every_type_of_a_stack_is_found_in_the_sources() -> None:
    """And nothing else but what a setting that no stack has would bring: that could not be recorded."""
    registered = {
        one.type for environment in reference.environments() for one in estate_of(environment).resources
    }
    of_stacks = {token for token in registered if token.startswith("aws:")}
    assert resource_types() - BY_SETTING == of_stacks
