"""Tests of what the keeper of quotas finds to change, and of what it reads."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from groundplan_common.errors import SettingsError
from ingest.quotas.brokers import IamToken, Quotas
from ingest.quotas.keeper import changes_needed
from ingest.quotas.settings import QuotaSettings

OURS, OTHERS = "arn:aws:sts::1:assumed-role/groundplan-", "arn:aws:sts::1:assumed-role/other/x"
VISION, SPEECH = f"{OURS}vision", f"{OURS}speech"
QUOTA = {"producer_byte_rate": 1000.0, "consumer_byte_rate": 2000.0, "request_percentage": 50.0}


@pytest.mark.parametrize(
    ("declared", "found", "changes"),
    [
        ({VISION: QUOTA}, {VISION: dict(QUOTA)}, {}),
        ({VISION: QUOTA}, {}, {VISION: QUOTA}),
        (
            {VISION: QUOTA},
            {VISION: {**QUOTA, "consumer_byte_rate": 9.0}},
            {VISION: {"consumer_byte_rate": 2000.0}},
        ),
        ({VISION: QUOTA}, {VISION: {**QUOTA, "else": 1.0}}, {VISION: {"else": None}}),
        ({}, {SPEECH: {"request_percentage": 1.0}}, {SPEECH: {"request_percentage": None}}),
        ({}, {OTHERS: QUOTA}, {}),
    ],
    ids=[
        "as declared",
        "missing",
        "changed by hand",
        "added by hand",
        "no longer declared",
        "somebody else's",
    ],
)
def test_only_what_differs_is_changed(declared: Quotas, found: Quotas, changes: object) -> None:
    """And only of users of ours."""
    assert changes_needed(declared, found, OURS) == changes


def test_a_quota_that_is_none_is_refused() -> None:
    """The variable is named, and what is wrong with it."""
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": "b-1:9098",
        "KAFKA_USER_PREFIX": OURS,
        "KAFKA_QUOTAS": '{"a": {"producer_byte_rate": 0, "consumer_byte_rate": 1, "request_percentage": 1}}',
    }
    with pytest.raises(SettingsError, match=r"KAFKA_QUOTAS=.*greater than 0"):
        QuotaSettings.from_environment(environment)
    with pytest.raises(SettingsError, match="KAFKA_BOOTSTRAP_SERVERS is not set"):
        QuotaSettings.from_environment({})


def test_the_token_is_a_signed_request_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the form that MSK reads: an address, signed for kafka-cluster, in base64."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    token = IamToken("eu-central-1").token()
    address = urlsplit(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    asked = parse_qs(address.query)
    assert address.hostname == "kafka.eu-central-1.amazonaws.com"
    assert asked["Action"] == ["kafka-cluster:Connect"]
    assert "/eu-central-1/kafka-cluster/" in asked["X-Amz-Credential"][0]
