"""A decryption need not name its key: the text says it, and the right to that key is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal.world import ACCOUNT_ID
from tests.unit.rehearsal.emulator.emulated import Emulated
from tests.unit.rehearsal.emulator.persona_account import create_signing_key


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_the_right_to_a_key_opens_its_texts_and_no_others(aws: Emulated) -> None:
    """As the state of a stack is opened: by the deployer, with the key of the state alone."""
    kms = aws.client("kms")
    mine, other = (kms.create_key()["KeyMetadata"] for _ in range(2))
    texts = [kms.encrypt(KeyId=key["KeyId"], Plaintext=b"state")["CiphertextBlob"] for key in (mine, other)]
    account = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    trust = {"Effect": "Allow", "Principal": account, "Action": "sts:AssumeRole"}
    rights = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": mine["Arn"]}
    iam = aws.client("iam")
    trusting = _document(trust)
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trusting)["Role"]
    iam.put_role_policy(RoleName="reader", PolicyName="state", PolicyDocument=_document(rights))
    reader = aws.client("kms", aws.session_of(role["Arn"]))
    assert reader.decrypt(CiphertextBlob=texts[0])["Plaintext"] == b"state"
    with pytest.raises(ClientError, match=f"kms:Decrypt on resource: {other['Arn']}"):
        reader.decrypt(CiphertextBlob=texts[1])


def test_one_role_signs_whatever_iam_allows_to_others(aws: Emulated) -> None:
    """The key's own policy, as the program writes it, names who signs; IAM says who verifies."""
    key = create_signing_key(aws, "trainer")
    iam = aws.client("iam")
    sessions = {}
    for name, action in (("trainer", "kms:Sign"), ("server", "kms:Verify"), ("anybody", "kms:*")):
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))["Role"]
        rights = {"Effect": "Allow", "Action": action, "Resource": key}
        iam.put_role_policy(RoleName=name, PolicyName="key", PolicyDocument=_document(rights))
        sessions[name] = aws.client("kms", aws.session_of(role["Arn"]))
    request = {"KeyId": key, "Message": b"model", "SigningAlgorithm": "ECDSA_SHA_384"}
    signature = sessions["trainer"].sign(**request)["Signature"]
    for name in ("server", "anybody"):
        assert sessions[name].verify(**request, Signature=signature)["SignatureValid"]
        with pytest.raises(ClientError, match="kms:Sign on resource"):
            sessions[name].sign(**request)
    with pytest.raises(ClientError, match="kms:Verify on resource"):
        sessions["trainer"].verify(**request, Signature=signature)
