"""ELB-01: load balancers speak TLS 1.2 or newer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View

SAFE = re.compile(r"ELBSecurityPolicy-(?:TLS13-1-[23]|TLS-1-2|FS-1-2)(?:-|$)")
POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
TLS = ("HTTPS", "TLS")


def check(listener: Resource, context: Context) -> Iterator[Finding]:
    """By protocol. TCP and UDP pass through, to where the pod speaks TLS."""
    del context
    view = listener.view
    protocol = view.text("protocol", "HTTP").upper()
    if protocol in TLS:
        if not SAFE.match(view.text("sslPolicy", "ELBSecurityPolicy-2016-08")):
            yield Finding(path="sslPolicy", message="lets clients use TLS before 1.2", key="policy")
    elif protocol == "HTTP":
        actions = view.objects("defaultActions")
        if not actions or not all(_redirects(each) for each in actions):
            yield Finding(path="protocol", message="serves plain HTTP", key="plain")


def _redirects(action: View) -> bool:
    return action.text("type") == "redirect" and action.text("redirect.protocol", "#{protocol}") == "HTTPS"


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """A policy of today for listeners that speak TLS; plain ones need a certificate first."""
    del context
    if str(properties.get("protocol")).upper() in TLS:
        return {**properties, "sslPolicy": POLICY}
    return dict(properties)


RULE = Rule(
    id="ELB-01",
    title="Listeners speak TLS 1.2 or newer; plain HTTP only redirects to HTTPS.",
    severity=Severity.HIGH,
    why="Prompts, images and results pass the load balancer; so do tokens.",
    remediation=(
        "Use HTTPS or TLS with ssl_policy ELBSecurityPolicy-TLS13-1-2-2021-06, and a redirect on port 80."
    ),
    frameworks={
        Framework.CIS_EKS: ("5.4.5",),
        Framework.HIPAA: ("164.312(e)(1)",),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("CC6.7",),
        Framework.PCI_DSS: ("4.2.1",),
        Framework.NIST: (
            "SC-8",
            "SC-23",
        ),
    },
    equivalents=(
        "CKV_AWS_2",
        "CKV_AWS_103",
        "CKV2_AWS_20",
        "CKV2_AWS_74",
        "FSBP ELB.1",
        "FSBP ELB.17",
        "prowler:elbv2_ssl_listeners",
        "prowler:elbv2_insecure_ssl_ciphers",
    ),
    enforcement=FROM_STAGING,
    types=(
        "aws:lb/listener:Listener",
        "aws:alb/listener:Listener",
    ),
    check=check,
    rewrite=rewrite,
)
