"""What is taken for a secret, and what is not."""

from __future__ import annotations

import pytest

from policies.core.secret_texts import secret_in, secret_under

RANDOM = "x9Kq2mZ7vT4pLw8s"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("key AKIAABCDEFGHIJKLMNOP here", "an AWS access key"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII", "a private key"),
        ("ghp_" + "a1" * 18, "a GitHub token"),
        ("hf_" + "a1" * 16, "a token of Hugging Face"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz", "a JSON web token"),
        ("postgres://app:letmein@db/metadata", "a password in a URL"),
        (f"export DB_PASSWORD={RANDOM}", "an assignment to DB_PASSWORD"),
        (f'{{"client_secret": "{RANDOM}"}}', "an assignment to client_secret"),
        (f"api_key: {RANDOM}", "an assignment to api_key"),
    ],
)
def test_known_shapes_are_found(text: str, kind: str) -> None:
    """Wherever they stand in a text."""
    assert secret_in(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"Action": "secretsmanager:GetSecretValue"}',
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:database-x1y2z3",
        "password=$(aws secretsmanager get-secret-value)",
        "password={{resolve:secretsmanager:database}}",
        "DB_PASSWORD_FILE=/run/secrets/database",
        "the secret: encryption",
        "postgres://app:$PASSWORD@db/metadata",
        "https://example.org/path",
    ],
)
def test_references_and_prose_are_not(text: str) -> None:
    """What only points to a secret is how it should be."""
    assert not secret_in(text)


@pytest.mark.parametrize(
    ("key", "text", "found"),
    [
        ("masterPassword", RANDOM, True),
        ("API_TOKEN", RANDOM, True),
        ("masterUserSecretKmsKeyId", RANDOM, False),
        ("passwordFile", "x9Kq2mZ7vT4pLw8s/file", False),
        ("secretName", RANDOM, False),
        ("instanceType", RANDOM, False),
        ("tokenSource", "aaaaaaaaaaaaaaaa", False),
        ("password", "short", False),
    ],
)
def test_random_texts_count_under_telling_names_only(key: str, text: str, *, found: bool) -> None:
    """A hash is no secret, unless its name says so."""
    assert bool(secret_under(key, text)) is found
