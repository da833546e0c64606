"""A decryption need not name its key: the text says it, and the right to that key is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal.world import ACCOUNT_ID
from tests.unit.rehearsal.emulator.emulated import Emulated


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
