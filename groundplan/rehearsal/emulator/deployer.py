"""Who is in the empty account: deployer and reader, under whose roles the program runs, and an observer.

The account is the deployer's and the reader's, unless they were given policies: then they may do what those
allow and nothing else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3

from groundplan.rehearsal.world import ACCOUNT_ID, DEPLOYER, READER

OBSERVER_NAME = "groundplan-observer"
"""Lists what the account holds, whatever the deployer may do."""
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_SESSION_S = 12 * 60 * 60
_BOOTSTRAP_KEY = "AKIAGROUNDPLANSTART0"
"""Known to nobody: IAM and AssumeRole of the emulator accept any caller, GetCallerIdentity does not."""


def create(
    endpoint_url: str, authority: Path, region: str, policies: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Create the deployer's role and return session credentials in the form of a `credential_process`.

    Args:
        endpoint_url: where the AWS APIs answer.
        authority: certificate file of the authority that they are trusted by.
        region: AWS region.
        policies: all that it may do; none leaves the account to it.
    """
    return _Account(endpoint_url, authority, region).open(DEPLOYER, policies)


def create_reader(endpoint_url: str, authority: Path, region: str) -> dict[str, Any]:
    """The same for the reader, whose policies are derived from what it calls while it has none."""
    return _Account(endpoint_url, authority, region).open(READER)


def create_observer(endpoint_url: str, authority: Path, region: str) -> dict[str, Any]:
    """The same for the observer, to whom everything is open."""
    return _Account(endpoint_url, authority, region).open(OBSERVER_NAME)


class _Account:
    """The empty account, over its APIs."""

    def __init__(self, endpoint_url: str, authority: Path, region: str) -> None:
        session = boto3.Session(
            aws_access_key_id=_BOOTSTRAP_KEY, aws_secret_access_key=_BOOTSTRAP_KEY, region_name=region
        )
        self._iam = session.client("iam", endpoint_url=endpoint_url, verify=str(authority))
        self._sts = session.client("sts", endpoint_url=endpoint_url, verify=str(authority))

    def open(self, role_name: str, policies: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """Create a role and a session of it, for twelve hours."""
        role = self._iam.create_role(
            RoleName=role_name, AssumeRolePolicyDocument=json.dumps(_TRUST), MaxSessionDuration=_SESSION_S
        )["Role"]
        for number, document in enumerate(policies):
            policy = self._iam.create_policy(
                PolicyName=f"{role_name}-{number}", PolicyDocument=json.dumps(document)
            )["Policy"]
            self._iam.attach_role_policy(RoleName=role_name, PolicyArn=policy["Arn"])
        credentials = self._sts.assume_role(
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
