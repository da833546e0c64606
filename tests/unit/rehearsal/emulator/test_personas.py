"""The persona matrix: what each may do and may not, asked by boto3 of the emulator, which enforces IAM."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from groundplan.rehearsal.emulator.eks.account import Account as EksAccount
from groundplan.rehearsal.emulator.policy_statements import Caller
from groundplan.rehearsal.emulator.request_context import RequestContext
from groundplan.rehearsal.emulator.trust import NO_FACTOR, trusted
from infra.conventions import Persona
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated
from tests.unit.rehearsal.emulator.persona_account import (
    AUDIENCE,
    ISSUER,
    SUBJECT,
    PersonaAccount,
    prepare,
    role_arn,
)

CASES = yaml.safe_load((Path(__file__).parent / "persona_matrix.yaml").read_text(encoding="utf-8"))["cases"]
REFUSALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
FACTOR = {"SerialNumber": f"arn:aws:iam::{ACCOUNT_ID}:mfa/ada", "TokenCode": "123456"}
REQUEST = {"Tags": [{"Key": "Ticket", "Value": "OPS-1"}], "SourceIdentity": "ada"}


@pytest.fixture(scope="module")
def account(aws: Emulated) -> PersonaAccount:
    """The account with all personas in it."""
    return prepare(aws)


@pytest.fixture(scope="module")
def sessions(account: PersonaAccount) -> dict[str, dict[str, str]]:
    """A session of each persona, by the way that its trust policy leaves open."""
    people = [persona for persona in Persona if persona != Persona.AUTOMATION]
    opened = {str(persona): enter(account, persona)["Credentials"] for persona in people}
    opened["automation"] = enter_with_token(account)["Credentials"]
    opened["greedy"] = account.aws.session_of(role_arn("greedy"))
    return opened


def enter(account: PersonaAccount, persona: str, login: str = "login-vision", **changes: Any) -> Any:
    """Take a persona's role from a login session; a change to None leaves a parameter out."""
    credentials = account.aws.session_of(f"arn:aws:iam::{ACCOUNT_ID}:role/{login}", "ada")
    request = {"RoleArn": role_arn(persona), "RoleSessionName": "ada"} | REQUEST | changes
    request = {name: value for name, value in request.items() if value is not None}
    return account.aws.client("sts", credentials).assume_role(**request)


def enter_with_token(account: PersonaAccount, role: str = "automation", **claims: Any) -> Any:
    """Take a role by a token of the CI system."""
    payload = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "exp": time.time() + 300} | claims
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, payload)]
    token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    sts = boto3.client(
        "sts",
        region_name=REGION,
        endpoint_url=account.aws.emulator.api.local_url,
        verify=str(account.aws.emulator.world.certificate_authority),
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    return sts.assume_role_with_web_identity(
        RoleArn=role_arn(role), RoleSessionName="ci", WebIdentityToken=f"{token}.c2ln"
    )


def ask(client: Any, operation: str, parameters: dict[str, Any]) -> str:
    """Make a call; returns `allow`, `deny`, or the code of another error."""
    try:
        getattr(client, operation)(**parameters)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return "deny" if code in REFUSALS else code
    return "allow"


def filled(value: Any, words: dict[str, str]) -> Any:
    """Parameters with the matrix' words replaced."""
    if isinstance(value, dict):
        return {key: filled(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, words) for inner in value]
    if isinstance(value, str):
        for word, meaning in words.items():
            value = value.replace(f"{{{word}}}", meaning)
    return value


@pytest.mark.parametrize(
    ("persona", "expected", "call", "parameters"),
    CASES,
    ids=[f"{number}-{case[0]}-{case[2]}-{case[1]}" for number, case in enumerate(CASES)],
)
def test_matrix(
    account: PersonaAccount,
    sessions: dict[str, dict[str, str]],
    persona: str,
    expected: str,
    call: str,
    parameters: dict[str, Any],
) -> None:
    """One line of the matrix."""
    service, _, operation = call.partition(".")
    client = account.aws.client(service, sessions[persona])
    assert ask(client, operation, filled(parameters, account.words)) == expected


def test_the_matrix_is_large_enough() -> None:
    """Eighty cases and more, of each persona both sides."""
    assert len(CASES) >= 80
    for persona in Persona:
        assert {expected for who, expected, *_ in CASES if who == persona} == {"allow", "deny"}


@pytest.mark.parametrize(
    "changes",
    [
        {"login": "without-factor"},
        {"login": "without-factor"} | FACTOR,
        {"Tags": None},
        {"Tags": [{"Key": "Ticket", "Value": ""}]},
        {"Tags": [{"Key": "Other", "Value": "OPS-1"}]},
        {"SourceIdentity": None},
        {"login": "login-audio"},
        {"login": "login-nothing"},
    ],
    ids=str,
)
def test_people_do_not_get_in_without(account: PersonaAccount, changes: dict[str, Any]) -> None:
    """A login after a second factor, a ticket, a name, a tenant's login, and one that may take roles.

    A session of a role cannot show a factor of its own: AWS asks the device of a user, which it is not.
    """
    with pytest.raises(ClientError, match="AccessDenied"):
        enter(account, Persona.DATA_SCIENTIST, **changes)


def test_nobody_gets_in_for_longer_than_an_hour(account: PersonaAccount) -> None:
    """The role's longest session is the limit."""
    with pytest.raises(ClientError, match="MaxSessionDuration"):
        enter(account, Persona.DATA_SCIENTIST, DurationSeconds=7200)


def test_a_session_of_a_role_hands_on_an_hour(account: PersonaAccount) -> None:
    """However long the sessions of the other role may be for those who are no session of a role."""
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = account.aws.client("iam").create_role(
        RoleName="long", AssumeRolePolicyDocument=document, MaxSessionDuration=14400
    )["Role"]
    with pytest.raises(ClientError, match="1 hour session limit for roles assumed by role chaining"):
        account.aws.client("sts").assume_role(
            RoleArn=role["Arn"], RoleSessionName="ada", DurationSeconds=7200
        )


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("factor", "let_in"),
    [
        ({"aws:multifactorauthpresent": "true", "aws:multifactorauthage": "60"}, True),
        ({"aws:multifactorauthpresent": "true", "aws:multifactorauthage": "3601"}, False),
        ({"aws:multifactorauthpresent": "false", "aws:multifactorauthage": "60"}, False),
        (NO_FACTOR, False),
    ],
    ids=str,
)
def test_users_show_their_factor(factor: dict[str, str | None], *, let_in: bool) -> None:
    """Where people log in as IAM users, which the emulator has none of, the keys of their session decide."""
    role = EksAccount(ACCOUNT_ID, REGION).role(role_arn(Persona.AUDITOR))
    assert role is not None
    user = f"arn:aws:iam::{ACCOUNT_ID}:user/ada"
    keys = {"aws:principalarn": user, "aws:requesttag/ticket": "OPS-1", "sts:sourceidentity": "ada"}
    context = RequestContext(keys | factor)
    caller = Caller(user, account_id=ACCOUNT_ID)
    actions = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
    assert trusted(role, actions, caller, context) is let_in


def test_people_do_not_take_the_pipelines_role(account: PersonaAccount) -> None:
    """Whatever their login allows: the role trusts a provider of tokens."""
    with pytest.raises(ClientError, match="AccessDenied"):
        enter(account, Persona.AUTOMATION)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"sub": "repo:groundplan/groundplan:pull_request"}, "AccessDenied"),
        ({"sub": "repo:somebody/groundplan:environment:dev"}, "AccessDenied"),
        ({"aud": "https://elsewhere"}, "InvalidIdentityToken"),
        ({"iss": "https://elsewhere"}, "InvalidIdentityToken"),
        ({"exp": 1}, "InvalidIdentityToken"),
        ({"role": "auditor"}, "AccessDenied"),
    ],
    ids=str,
)
def test_other_tokens_open_nothing(account: PersonaAccount, claims: dict[str, Any], code: str) -> None:
    """Another subject, audience or issuer, a token that is over, and a role for people."""
    with pytest.raises(ClientError, match=code):
        enter_with_token(account, **claims)


def test_a_session_policy_only_takes_away(account: PersonaAccount) -> None:
    """What the role allows and the session's own policy does not is refused."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    credentials = enter(account, Persona.AUDITOR, Policy=json.dumps(policy))["Credentials"]
    assert ask(account.aws.client("s3", credentials), "list_buckets", {}) == "allow"
    assert ask(account.aws.client("iam", credentials), "list_roles", {}) == "deny"


def test_refusals_say_what_is_missing(account: PersonaAccount, sessions: dict[str, dict[str, str]]) -> None:
    """User, action, resource and kind of policy, as AWS words it."""
    key = account.aws.client("s3", sessions["data-scientist"])
    with pytest.raises(ClientError) as caught:
        key.get_object(Bucket=account.words["raw"], Key="vision/part-0")
    assert caught.value.response["Error"]["Message"] == (
        f"User: arn:aws:sts::{ACCOUNT_ID}:assumed-role/groundplan-dev-vision-data-scientist/ada is not "
        f"authorized to perform: s3:GetObject on resource: arn:aws:s3:::{account.words['raw']}/vision/part-0 "
        "because no identity-based policy allows the s3:GetObject action"
    )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
