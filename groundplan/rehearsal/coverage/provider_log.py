"""terraform-provider-aws' own log: which resource type and which procedure was behind each call to AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundplan.rehearsal.world import World

_RECEIVED = "HTTP Response Received"


@dataclass(frozen=True)
class LoggedCall:
    """One call to AWS that was answered.

    Args:
        type: of the resource, as Terraform names it: `aws_s3_bucket`.
        reads: whether it was part of a reading alone, not of a creation, update or deletion.
        call: service and operation: `S3:CreateBucket`.
    """

    type: str
    reads: bool
    call: str


def file_of(world: World) -> Path:
    """Where the provider of a rehearsal logs to, if it is kept."""
    return world.data / "provider.log"


def keep(world: World) -> None:
    """Let the provider of a rehearsal log from its start on; that is much, and holds what AWS is told."""
    file_of(world).touch(mode=0o600)


def variables(world: World) -> dict[str, str]:
    """What the bridge and the provider need to write it; nothing if it is not kept."""
    file = file_of(world)
    if not file.exists():
        return {}
    # The core's level decides the format alone; TF_LOG would make the bridge send all of it to Pulumi, too.
    levels = {"TF_LOG_CORE": "JSON", "TF_LOG_PROVIDER": "DEBUG", "TF_LOG_SDK": "WARN"}
    return {**levels, "TF_LOG_PATH": str(file)}


def calls(file: Path, begin: int, end: int) -> Iterator[LoggedCall]:
    """The answered calls in a part of the log, from one offset to another."""
    with file.open("rb") as log:
        log.seek(begin)
        while log.tell() < end:
            line = log.readline()
            if _RECEIVED.encode() in line:
                yield from _call(line)


def _call(line: bytes) -> Iterator[LoggedCall]:
    try:
        entry = json.loads(line)
    except ValueError:  # cut off by the end of the process
        return
    if entry.get("@message") == _RECEIVED and "tf_resource_type" in entry:
        yield LoggedCall(
            type=entry["tf_resource_type"],
            reads=entry.get("tf_rpc") == "ReadResource",
            call=f"{entry['rpc.service']}:{entry['rpc.method']}",
        )
