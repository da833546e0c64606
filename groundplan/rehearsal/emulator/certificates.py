"""Certificates of ACM are issued once DNS proves the domain, and not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.acm.models import CertBundle
from moto.route53.models import route53_backends

from groundplan.rehearsal.emulator.patching import wrap

_PENDING = "PENDING_VALIDATION"


def install() -> None:
    """Apply all; a second call changes nothing."""
    wrap(CertBundle, "check", _issue_what_is_proved)


def _issue_what_is_proved(original: Callable[..., None], certificate: Any) -> None:
    """Without this, moto issues each after a minute, proved or not."""
    waits = certificate.type == "AMAZON_ISSUED" and certificate.status == _PENDING
    original(certificate)
    if waits and certificate.status != "EXPIRED":
        certificate.status = "ISSUED" if _proved(certificate) else _PENDING


def _proved(certificate: Any) -> bool:
    """Whether each of its names has the record that it asks for, in a zone that everybody can ask."""
    _, partition, _, _, account_id, _ = certificate.arn.split(":", 5)
    zones = route53_backends[account_id][partition].zones.values()
    told = {
        (record_set.name.rstrip("."), value.rstrip("."))
        for zone in zones
        if not zone.private_zone
        for record_set in zone.rrsets
        if record_set.type == "CNAME"
        for value in record_set.records or ()
    }
    options = certificate.describe()["Certificate"]["DomainValidationOptions"]
    asked = [option["ResourceRecord"] for option in options]
    return all((each["Name"].rstrip("."), each["Value"].rstrip(".")) in told for each in asked)
