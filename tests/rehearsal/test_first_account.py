"""The commands of the how-to for the first account, word by word, on the rehearsal's account.

Only the values at its top are others. State and secrets are in the emulated S3 and KMS, and the new deployer
is held to the rights that the page gives it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from groundplan.rehearsal import shell
from groundplan.rehearsal.world import ACCOUNT_ID, PROJECT_ROOT, World

pytestmark = pytest.mark.rehearsal

PAGE = PROJECT_ROOT / "docs" / "how-to" / "open-the-first-account.md"
ROLE = "first-deployer"
BUCKET = f"groundplan-state-{ACCOUNT_ID}"
_STATE = ".pulumi/stacks/groundplan/dev.json"
_RIGHTS = {"Effect": "Allow", "Action": ["ec2:DescribeVpcs"], "Resource": ["*"]}
"""Stands for the policies that another test derives and plays a whole stack under."""
_ELSEWHERE, _NEW_SHELL = "<!-- elsewhere -->", "<!-- new shell -->"
_TIMEOUT_S = 300


def _shells() -> list[str]:
    """What the page has people type, one text for each shell; what it says is tried elsewhere is left out.

    Each shell begins with the values of the first block: this account, and a role that is not there yet.
    """
    text = PAGE.read_text(encoding="utf-8")
    text = re.sub(r"(?<=^export ACCOUNT=).*$", ACCOUNT_ID, text, flags=re.MULTILINE)
    text = re.sub(r"(?<=^export DEPLOYER=).*$", ROLE, text, flags=re.MULTILINE)
    (values, *first), *others = (_blocks(part) for part in text.split(_NEW_SHELL))
    return ["".join([values, *blocks]) for blocks in (first, *others)]


def _blocks(text: str) -> list[str]:
    """The blocks of commands in a part of the page."""
    pieces = re.split(r"^```sh\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    pairs = zip(pieces[::2], pieces[1::2], strict=False)
    return [commands for before, commands in pairs if _ELSEWHERE not in before]


@dataclass(frozen=True)
class Tried:
    """A project in which the page was followed.

    Args:
        folder: the project.
        client: makes clients of the account's administrator, by service.
        printed: what each shell printed.
    """

    folder: Path
    client: Callable[[str], Any]
    printed: list[str]


@pytest.fixture(scope="module")
def tried(account: World, tmp_path_factory: pytest.TempPathFactory) -> Generator[Tried]:
    """Follow the page from its first line to its last."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("infra", "stacks"):
        shutil.copytree(PROJECT_ROOT / name, folder / name)
    shutil.copy(PROJECT_ROOT / "Pulumi.yaml", folder)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "policies.json").write_text(json.dumps([{"Version": "2012-10-17", "Statement": [_RIGHTS]}]))
    variables = shell.environment(account)
    client = _clients(account, variables)
    try:
        yield Tried(folder, client, [_type(account, folder, variables, text) for text in _shells()])
    finally:
        _remove(client)


def _clients(account: World, variables: Mapping[str, str]) -> Callable[[str], Any]:
    session = boto3.Session(
        variables["AWS_ACCESS_KEY_ID"],
        variables["AWS_SECRET_ACCESS_KEY"],
        variables["AWS_SESSION_TOKEN"],
        region_name=account.region,
    )
    where, authority = account.aws_endpoint_url, str(account.certificate_authority)
    return lambda service: session.client(service, endpoint_url=where, verify=authority)


def _type(account: World, folder: Path, variables: Mapping[str, str], text: str) -> str:
    """Run commands in a bash, with Pulumi as the owner of an account has it; return what they print."""
    home = account.engine_data("pulumi")
    ours = {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE", "GROUNDPLAN_RELEASE"}
    environment = {name: value for name, value in variables.items() if name not in ours}
    # The real CLI, not the script that serves the rehearsal's own stack.
    environment |= {"PATH": f"{home / 'bin'}:{variables['PATH']}", "PULUMI_HOME": str(folder / "home")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _remove(client: Callable[[str], Any]) -> None:
    """Leave the account as it was: other tests count what is in it."""
    s3, iam, kms = client("s3"), client("iam"), client("kms")
    for version in s3.list_object_versions(Bucket=BUCKET).get("Versions", []):
        s3.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    for marker in s3.list_object_versions(Bucket=BUCKET).get("DeleteMarkers", []):
        s3.delete_object(Bucket=BUCKET, Key=marker["Key"], VersionId=marker["VersionId"])
    s3.delete_bucket(Bucket=BUCKET)
    key = kms.describe_key(KeyId="alias/groundplan-state")["KeyMetadata"]["KeyId"]
    kms.delete_alias(AliasName="alias/groundplan-state")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    policy = f"arn:aws:iam::{ACCOUNT_ID}:policy/{ROLE}-0"
    iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy)
    iam.delete_policy(PolicyArn=policy)
    iam.delete_role_policy(RoleName=ROLE, PolicyName="state")
    iam.delete_role(RoleName=ROLE)
    for role in iam.list_roles(PathPrefix="/aws-service-role/spot.amazonaws.com/")["Roles"]:
        iam.delete_service_linked_role(RoleName=role["RoleName"])


def test_the_page_has_commands_in_two_shells() -> None:
    """The search finds what the page has people type, or nothing below would prove anything."""
    first, second = _shells()
    assert "pulumi stack init dev" in first
    assert "docker" not in first
    assert "update-assume-role-policy" in second


def test_the_stack_is_previewed_with_its_state_in_the_bucket(tried: Tried) -> None:
    """S3 holds the state; the preview, under the deployer's own rights, would create all of the AWS half."""
    created = re.search(r"\+ (\d+) to create", tried.printed[0])
    assert created, tried.printed[0]
    assert int(created[1]) > 200
    state = json.load(tried.client("s3").get_object(Bucket=BUCKET, Key=_STATE)["Body"])
    assert state["checkpoint"]["stack"] == "organization/groundplan/dev"


def test_secrets_are_protected_by_the_key(tried: Tried) -> None:
    """The stack file names the key, and its data key is one that KMS can open, and nobody without KMS."""
    written = yaml.safe_load((tried.folder / "stacks" / "Pulumi.dev.yaml").read_text())
    assert written["secretsprovider"] == "awskms://alias/groundplan-state?region=eu-central-1"
    assert "encryptionsalt" not in written
    assert written["encryptedkey"]


def test_the_deployer_may_do_what_the_page_says(tried: Tried) -> None:
    """The session was the new role's; CI's environment, and nothing else, may take it from now on."""
    assert f"assumed-role/{ROLE}/first-up" in tried.printed[0]
    role = tried.client("iam").get_role(RoleName=ROLE)["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    claims = statement["Condition"]["StringEquals"]
    assert claims["token.actions.githubusercontent.com:sub"] == "repo:groundplan/groundplan:environment:dev"
