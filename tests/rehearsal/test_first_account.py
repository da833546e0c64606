"""The commands of the how-to for the first account, word by word, on the rehearsal's account.

Only the values at its top are others. State and secrets are in the emulated S3 and KMS, and the new roles are
held to the rights that the page gives them. That goes for Pulumi itself: the provider has its own session.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from moto.iam.access_control import PermissionResult

from groundplan.rehearsal import shell
from groundplan.rehearsal.emulator.policy_statements import Caller, evaluate
from groundplan.rehearsal.emulator.request_context import RequestContext
from groundplan.rehearsal.world import ACCOUNT_ID, PROJECT_ROOT, World

pytestmark = pytest.mark.rehearsal

PAGE = PROJECT_ROOT / "docs" / "how-to" / "open-the-first-account.md"
ROLE, READER = "first-deployer", "first-reader"
ISSUER = "token.actions.githubusercontent.com"
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
    text = re.sub(r"(?<=^export DEPLOYER=).*$", f"{ROLE} READER={READER}", text, flags=re.MULTILINE)
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
        account: the rehearsal.
        folder: the project.
        client: makes clients of the account's administrator, by service.
        printed: what each shell printed.
    """

    account: World
    folder: Path
    client: Callable[[str], Any]
    printed: list[str]

    def enter(self, role: str, environment: str) -> dict[str, str]:
        """Variables of a job of the repository that takes a role by its token.

        Raises:
            ClientError: the role does not let it in.
        """
        claims = {
            "iss": f"https://{ISSUER}",
            "aud": "sts.amazonaws.com",
            "sub": f"repo:groundplan/groundplan:environment:{environment}",
            "exp": time.time() + 300,
        }
        parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, claims)]
        token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
        arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"
        session = self.client("sts").assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="ci", WebIdentityToken=f"{token}.c2ln"
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
            "PULUMI_BACKEND_URL": f"s3://{BUCKET}?region={self.account.region}",
        }


@pytest.fixture(scope="module")
def tried(account: World, tmp_path_factory: pytest.TempPathFactory) -> Generator[Tried]:
    """Follow the page from its first line to its last."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("infra", "stacks"):
        shutil.copytree(PROJECT_ROOT / name, folder / name)
    shutil.copy(PROJECT_ROOT / "Pulumi.yaml", folder)
    (folder / ".venv").symlink_to(sys.prefix)
    for name in ("policies.json", "reader.json"):
        (folder / name).write_text(json.dumps([{"Version": "2012-10-17", "Statement": [_RIGHTS]}]))
    variables = shell.environment(account)
    client = _clients(account, variables)
    # The first `up`, which the page does not wait for here, makes it.
    client("iam").create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["sts.amazonaws.com"])
    try:
        yield Tried(account, folder, client, [_type(account, folder, variables, text) for text in _shells()])
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
    """Run commands in a bash; return what they print."""
    done = _typed(folder, _owners_shell(account, folder, variables), text)
    assert done.returncode == 0, done.stdout
    return done.stdout


def _owners_shell(account: World, folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Variables with which Pulumi is as the owner of an account has it."""
    home = account.engine_data("pulumi")
    ours = {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE", "GROUNDPLAN_RELEASE"}
    environment = {name: value for name, value in variables.items() if name not in ours}
    # The real CLI, not the script that serves the rehearsal's own stack.
    return environment | {
        "PATH": f"{home / 'bin'}:{variables['PATH']}",
        "PULUMI_HOME": str(folder / "home"),
    }


def _typed(folder: Path, environment: Mapping[str, str], text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
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
    for role in (ROLE, READER):
        policy = f"arn:aws:iam::{ACCOUNT_ID}:policy/{role}-0"
        iam.detach_role_policy(RoleName=role, PolicyArn=policy)
        iam.delete_policy(PolicyArn=policy)
        iam.delete_role_policy(RoleName=role, PolicyName="state")
        iam.delete_role(RoleName=role)
    provider = f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/{ISSUER}"
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
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
    assert tried.enter(ROLE, "dev")
    with pytest.raises(ClientError, match="Not authorized"):
        tried.enter(ROLE, "dev-read")


def test_the_first_trust_asks_for_a_second_factor(tried: Tried) -> None:
    """Of all that the account's own policies would let in, only who showed one, or has the role after one."""
    trust = json.loads((tried.folder / "people.json").read_text())
    login = f"arn:aws:iam::{ACCOUNT_ID}:role/aws-reserved/sso.amazonaws.com/eu/AWSReservedSSO_Administrator"
    callers = {
        "a role": f"arn:aws:iam::{ACCOUNT_ID}:role/anybody",
        "the login's role": f"{login}Access_0123456789abcdef",
        "another role of the login": login.replace("_Administrator", "_Engineers_0"),
    }
    met = {name: _lets_in(trust, arn, None) for name, arn in callers.items()}
    assert met == {"a role": False, "the login's role": True, "another role of the login": False}
    user = f"arn:aws:iam::{ACCOUNT_ID}:user/owner"
    assert [_lets_in(trust, user, factor) for factor in (None, "false", "true")] == [False, False, True]


def _lets_in(trust: dict[str, Any], arn: str, factor: str | None) -> bool:
    keys = {"aws:principalarn": arn, "aws:multifactorauthpresent": factor}
    return (
        evaluate(
            trust,
            action="sts:AssumeRole",
            resource=None,
            caller=Caller(arn, arn, ACCOUNT_ID),
            context=RequestContext(keys),
        )
        == PermissionResult.PERMITTED
    )


def test_the_reader_previews_and_writes_nothing(tried: Tried) -> None:
    """It reads and decrypts the state, and takes no lock; an update stops at its lock: it may not write."""
    job = _owners_shell(tried.account, tried.folder, shell.environment(tried.account))
    job |= tried.enter(READER, "dev-read")
    preview = _typed(tried.folder, job, "pulumi preview -s dev --refresh --exclude '**kubernetes:**'")
    assert "to create" in preview.stdout
    assert preview.returncode == 0, preview.stdout
    update = _typed(tried.folder, job, "pulumi up -s dev --yes --skip-preview --exclude '**kubernetes:**'")
    assert update.returncode != 0
    assert "s3:PutObject" in update.stdout
    assert ".pulumi/locks/" in update.stdout
