"""AWS Signer, as far as moto 5.2.5 lacks it: signatures of images, and a list of profiles."""

from __future__ import annotations

import json
from typing import Any

from moto.signer import urls as signer_urls
from moto.signer.models import SignerBackend
from moto.signer.responses import SignerResponse

from groundplan.rehearsal.emulator.patching import add

_NOTATION: dict[str, Any] = {
    "platformId": "Notation-OCI-SHA384-ECDSA",
    "displayName": "Notation for container registries",
    "partner": "Notation",
    "target": "SHA384-ECDSA",
    "category": "AWS",
    "revocationSupported": True,
}


def install() -> None:
    """Apply all; a second call changes nothing."""
    if _NOTATION not in SignerBackend.platforms:
        SignerBackend.platforms.append(_NOTATION)
    add(SignerResponse, list_signing_profiles=list_signing_profiles)
    paths: dict[str, Any] = signer_urls.url_paths
    paths["{0}/signing-profiles$"] = SignerResponse.dispatch


def list_signing_profiles(response: Any) -> str:
    """Profiles that sign; those that were cancelled are kept by AWS, but are of no use."""
    told = []
    for profile in response.signer_backend.signing_profiles.values():
        if profile.status == "Active":
            described = profile.to_dict()
            told.append({name: described[name] for name in ("profileName", "status", "platformId", "arn")})
    return json.dumps({"profiles": told})
