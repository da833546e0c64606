"""The identity under which the program is deployed: an IAM role in the emulated account, and its session."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import boto3

from groundplan.rehearsal.world import ACCOUNT_ID

ROLE_NAME = "groundplan-deployer"
_SESSION_S = 12 * 60 * 60
_BOOTSTRAP_KEY = "AKIAGROUNDPLANSTART0"
"""Known to nobody: IAM and AssumeRole of the emulator accept any caller, GetCallerIdentity does not."""


def create(endpoint_url: str, authority: Path, region: str) -> dict[str, Any]:
    """Create the role and return session credentials in the form of a `credential_process` (twelve hours).

    Args:
        endpoint_url: where the AWS APIs answer.
        authority: certificate file of the authority that they are trusted by.
        region: AWS region.
    """
    session = boto3.Session(
        aws_access_key_id=_BOOTSTRAP_KEY, aws_secret_access_key=_BOOTSTRAP_KEY, region_name=region
    )
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = session.client("iam", endpoint_url=endpoint_url, verify=str(authority)).create_role(
        RoleName=ROLE_NAME, AssumeRolePolicyDocument=json.dumps(trust), MaxSessionDuration=_SESSION_S
    )["Role"]
    credentials = session.client("sts", endpoint_url=endpoint_url, verify=str(authority)).assume_role(
        RoleArn=role["Arn"], RoleSessionName="rehearsal", DurationSeconds=_SESSION_S
    )["Credentials"]
    return {"Version": 1, **credentials, "Expiration": credentials["Expiration"].isoformat()}


def save(credentials: dict[str, Any], file: Path) -> None:
    """Write credentials so that only their owner can read them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        os.fchmod(descriptor, 0o600)
        json.dump(credentials, stream)
