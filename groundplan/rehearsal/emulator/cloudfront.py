"""CloudFront, where moto 5.2.5 answers with settings that nobody asked for."""

from __future__ import annotations

from typing import Any

from moto.cloudfront.models import DefaultCacheBehaviour, ViewerCertificate

from groundplan.rehearsal.emulator.patching import wrap

_LEGACY = ("forwarded_values", "min_ttl", "default_ttl", "max_ttl")
"""What a behaviour says itself only if no cache policy does."""


def install() -> None:
    """Apply all; a second call changes nothing."""
    wrap(DefaultCacheBehaviour, "__init__", _leave_to_policy)
    wrap(ViewerCertificate, "__init__", _name_certificate)


def _leave_to_policy(original: Any, behaviour: Any, config: dict[str, Any]) -> None:
    """Behaviours: a cache policy stands in the place of the older settings."""
    original(behaviour, config)
    if config.get("CachePolicyId"):
        for name in _LEGACY:
            setattr(behaviour, name, None)


def _name_certificate(original: Any, certificate: Any, config: dict[str, Any]) -> None:
    """Certificates: who brings one does without CloudFront's own."""
    original(certificate, config)
    if certificate.acm_certificate_arn:
        certificate.cloud_front_default_certificate = False
        certificate.certificate_source = "acm"
        certificate.certificate = certificate.acm_certificate_arn
