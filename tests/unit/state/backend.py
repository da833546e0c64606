"""A backend of files as Pulumi writes it, with one stack after one operation."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from groundplan.state.bucket import Folder
from groundplan.state.location import StackLocation

PROJECT, STACK = "shop", "dev"
KEY = f".pulumi/stacks/{PROJECT}/{STACK}.json"
BEGAN = datetime(2026, 11, 28, 10, 0, 0, tzinfo=UTC)
_PREFIX = f"urn:pulumi:{STACK}::{PROJECT}::"
ROOT = f"{_PREFIX}pulumi:pulumi:Stack::{PROJECT}-{STACK}"
PROVIDER = f"{_PREFIX}pulumi:providers:aws::aws"
VPC = f"{_PREFIX}aws:ec2/vpc:Vpc::main"
SUBNET = f"{_PREFIX}aws:ec2/subnet:Subnet::first"


def resources() -> list[dict[str, Any]]:
    """A stack, its provider, a VPC and a subnet in it."""
    provider = f"{PROVIDER}::9c7"
    modified = BEGAN.isoformat()
    return [
        {"urn": ROOT, "custom": False, "type": "pulumi:pulumi:Stack", "modified": modified},
        {"urn": PROVIDER, "custom": True, "id": "9c7", "type": "pulumi:providers:aws", "parent": ROOT},
        {
            "urn": VPC,
            "custom": True,
            "id": "vpc-0f1",
            "type": "aws:ec2/vpc:Vpc",
            "inputs": {"cidrBlock": "10.0.0.0/16"},
            "parent": ROOT,
            "provider": provider,
            "modified": modified,
        },
        {
            "urn": SUBNET,
            "custom": True,
            "id": "subnet-0f2",
            "type": "aws:ec2/subnet:Subnet",
            "parent": ROOT,
            "dependencies": [VPC],
            "provider": provider,
            "propertyDependencies": {"vpcId": [VPC]},
            "modified": modified,
        },
    ]


def checkpoint(
    listed: list[dict[str, Any]] | None = None,
    *,
    time: datetime = BEGAN,
    version: int = 3,
    pending: list[dict[str, Any]] | None = None,
) -> bytes:
    """A state in the form in which a backend keeps it."""
    manifest = {
        "time": time.isoformat(),
        "magic": hashlib.sha256(b"v3.259.0").hexdigest(),
        "version": "v3.259.0",
    }
    latest = {"manifest": manifest, "resources": resources() if listed is None else listed}
    if pending:
        latest["pending_operations"] = pending
    frame = {"version": version, "checkpoint": {"stack": f"organization/{PROJECT}/{STACK}", "latest": latest}}
    return json.dumps(frame, separators=(",", ":")).encode()


class Backend:
    """The folder of a backend.

    Args:
        folder: where it is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"file://{folder}"
        self.bucket = Folder(self.url)
        self.location = StackLocation(bucket=self.bucket, project=PROJECT, stack=STACK)

    @property
    def state_file(self) -> Path:
        """The state itself."""
        return self.folder / KEY

    def operate(self, content: bytes, *, time: datetime = BEGAN) -> None:
        """End an operation: the state, its record and its copy."""
        self.bucket.write(KEY, content)
        name = f".pulumi/history/{PROJECT}/{STACK}/{STACK}-{int(time.timestamp() * 1e9)}"
        began = int((time - timedelta(seconds=5)).timestamp())
        record = {
            "kind": "update",
            "result": "succeeded",
            "startTime": began,
            "endTime": int(time.timestamp()) + 1,
            "resourceChanges": {"create": 4},
        }
        self.bucket.write(f"{name}.history.json", json.dumps(record).encode())
        self.bucket.write(f"{name}.checkpoint.json", content)

    def damage(self, content: bytes) -> None:
        """Change the state as a disk or an editor does: nobody notes a checksum."""
        self.state_file.write_bytes(content)
