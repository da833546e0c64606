"""Who gets in with a token of `aws eks get-token`, and who does not."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from awscli.customizations.eks.get_token import TokenGenerator
from botocore.session import Session

from groundplan.rehearsal.emulator.eks.store import KUBERNETES_VERSION
from groundplan.rehearsal.emulator.webhooks.authenticate import review_token
from groundplan.rehearsal.emulator.webhooks.identity import Authenticator
from tests.unit.rehearsal.emulator.emulated import REGION, Emulated

PREFIX = "k8s-aws-v1."


@pytest.fixture(scope="module")
def login(aws: Emulated) -> Callable[[str], dict[str, Any]]:
    """Reviews a token as the API server would; the cluster is named `one`."""
    assert aws.cluster("one")["version"] == KUBERNETES_VERSION
    emulator = aws.emulator
    authenticator = Authenticator(
        emulator.store,
        endpoint_url=emulator.world.aws_endpoint_url,
        sts_port=emulator.api.port,
        authority=emulator.world.certificate_authority,
    )
    return lambda token: review_token(authenticator, {"spec": {"token": token}})["status"]


def token(aws: Emulated, credentials: dict[str, str], cluster: str = "one") -> str:
    """What `aws eks get-token` prints: made by the AWS CLI's own code."""
    session = Session()
    session.set_credentials(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
    client = session.create_client(
        "sts", region_name=REGION, endpoint_url=aws.emulator.world.aws_endpoint_url
    )
    events = client.meta.events
    events.register(
        "provide-client-params.sts.GetCallerIdentity",
        lambda params, context, **_: context.update({"cluster": params.pop("x-k8s-aws-id")}),
    )
    events.register(
        "before-sign.sts.GetCallerIdentity",
        lambda request, **_: request.headers.add_header("x-k8s-aws-id", request.context["cluster"]),
    )
    return TokenGenerator(client).get_token(cluster)


def changed(good: str, change: Callable[[str], str]) -> str:
    """The token with its URL changed."""
    url = base64.urlsafe_b64decode(good.removeprefix(PREFIX) + "==").decode()
    return PREFIX + base64.urlsafe_b64encode(change(url).encode()).decode().rstrip("=")


def test_a_role_with_an_entry_gets_in(aws: Emulated, login: Callable[[str], dict[str, Any]]) -> None:
    """User name of the session, groups of the entry, and one group for the access policies."""
    role = aws.role("engineer")
    aws.client("eks").create_access_entry(clusterName="one", principalArn=role, kubernetesGroups=["tenant"])
    status = login(token(aws, aws.session_of(role, "ada@example")))
    assert status["authenticated"] is True
    assert status["user"]["username"].endswith(":assumed-role/engineer/ada-example")
    assert set(status["user"]["groups"]) == {
        "tenant",
        "eks-access-policy:role/engineer",
        "system:authenticated",
    }
    assert status["user"]["extra"]["canonicalArn"] == [role]


def test_without_an_entry_nobody_gets_in(aws: Emulated, login: Callable[[str], dict[str, Any]]) -> None:
    """A valid identity is not enough; and the entry's end is the login's end."""
    role = aws.role("stranger")
    signed = token(aws, aws.session_of(role))
    assert login(signed) == {"authenticated": False, "error": login(signed)["error"]}
    assert "no access entry" in login(signed)["error"]
    eks = aws.client("eks")
    eks.create_access_entry(clusterName="one", principalArn=role)
    assert login(signed)["authenticated"] is True
    eks.delete_access_entry(clusterName="one", principalArn=role)
    assert login(signed)["authenticated"] is False


def test_a_token_is_good_for_one_cluster_only(aws: Emulated, login: Callable[[str], dict[str, Any]]) -> None:
    """The signature covers the name of the cluster."""
    assert login(token(aws, aws.credentials, cluster="two"))["authenticated"] is False


def test_made_up_credentials_do_not_get_in(aws: Emulated, login: Callable[[str], dict[str, Any]]) -> None:
    """Neither a wrong secret nor an unknown key passes STS."""
    wrong_secret = aws.credentials | {"SecretAccessKey": "guessed"}
    unknown_key = aws.credentials | {"AccessKeyId": "ASIAAAAAAAAAAAAAAAAA"}
    for credentials in (wrong_secret, unknown_key):
        assert "STS refused" in login(token(aws, credentials))["error"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda url: url.replace(urlsplit(url).netloc, "elsewhere.example"), "does not point at the STS"),
        (lambda url: url.replace("/?", "/other?"), "does not point at the STS"),
        (lambda url: url.replace("GetCallerIdentity", "AssumeRole"), "another action"),
        (lambda url: url.replace("x-k8s-aws-id", "x-other"), "does not sign the name"),
        (lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=9000"), "no valid expiry"),
        (lambda url: url + "&Action=GetCallerIdentity", "parameters"),
        (lambda url: url + "&RoleArn=x", "parameters"),
        (lambda url: url.replace("X-Amz-Date=20", "X-Amz-Date=19"), "STS refused"),
        (lambda url: url + "\x1c", "characters that no URL has"),
        (lambda url: url + " ", "characters that no URL has"),
        (lambda url: url + "\u00e9", "no URL"),
        (lambda url: url + "g", "STS refused"),
        (lambda url: url + "%C3%A9", "STS refused"),
        (lambda _: "no-url", "does not point at the STS"),
    ],
)
def test_a_changed_token_is_refused(
    aws: Emulated,
    login: Callable[[str], dict[str, Any]],
    change: Callable[[str], str],
    reason: str,
) -> None:
    """Whatever is changed in a good token, it is refused for that reason."""
    status = login(changed(token(aws, aws.credentials), change))
    assert status["authenticated"] is False
    assert reason in status["error"]


@pytest.mark.parametrize("bad", ["", "eyJhbGciOi.x.y", PREFIX, PREFIX + "%%%", PREFIX + "A" * 20_000])
def test_anything_else_is_refused(login: Callable[[str], dict[str, Any]], bad: str) -> None:
    """Tokens of other kinds, empty, broken or huge ones are answered, not raised."""
    assert login(bad)["authenticated"] is False


def test_no_token_is_logged(
    aws: Emulated, login: Callable[[str], dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither token nor signature nor session token is in any log, whether the login works or not."""
    signed = token(aws, aws.credentials)
    with (
        caplog.at_level(logging.DEBUG, logger="groundplan"),
        caplog.at_level(logging.DEBUG, logger="werkzeug"),
    ):
        login(signed)
        login(signed + "x")
    assert caplog.text
    for secret in (signed, aws.credentials["SessionToken"], "X-Amz-Signature"):
        assert secret not in caplog.text
