"""AWS Signer as we amended it in moto: behaviour, and the shape of each answer."""

from __future__ import annotations

from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import Emulated


def test_profiles_that_sign_images(aws: Emulated) -> None:
    """Made for Notation, listed while they sign."""
    client = checked_client(aws, "signer")
    client.put_signing_profile(profileName="one", platformId="Notation-OCI-SHA384-ECDSA")
    assert client.get_signing_profile(profileName="one")["platformDisplayName"]
    [found] = client.list_signing_profiles(statuses=["Active"])["profiles"]
    assert found["profileName"] == "one"
    assert left(aws, "signer") == ["profiles/one"]
    client.cancel_signing_profile(profileName="one")
    assert left(aws, "signer") == []
