"""EKS-11: nodes carry no secrets in user data, and no public addresses."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.core.secret_texts import secret_in


def check(template: Resource, context: Context) -> Iterator[Finding]:
    """No network interface asks for a public address; user data, decoded, has nothing like a secret."""
    del context
    view = template.view
    for interface in view.objects("networkInterfaces"):
        if interface.flag("associatePublicIpAddress"):
            path = interface.where("associatePublicIpAddress")
            yield Finding(path=path, message="nodes get public addresses", key=interface.path)
    kind = secret_in(_decoded(view.text("userData")))
    if kind:
        yield Finding(path="userData", message=f"holds what looks like {kind}", key="user data")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Take public addresses away; what looks like a secret is a person's to move."""
    del context
    interfaces = properties.get("networkInterfaces")
    if not isinstance(interfaces, list):
        return dict(properties)
    private = [
        {**each, "associatePublicIpAddress": "false"} if isinstance(each, Mapping) else each
        for each in interfaces
    ]
    return {**properties, "networkInterfaces": private}


def _decoded(text: str) -> str:
    """User data is base64 in launch templates; what is not is taken as it is."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except ValueError:
        return text


RULE = Rule(
    id="EKS-11",
    title="Nodes carry no secret in their user data and have no public address.",
    severity=Severity.CRITICAL,
    why=("Every pod that reaches the metadata, and everybody who may describe instances, reads user data."),
    remediation="Let nodes fetch secrets with their role; leave associate_public_ip_address out.",
    frameworks={
        Framework.SOC2: (
            "CC6.1",
            "CC6.6",
        ),
        Framework.PCI_DSS: (
            "8.3.2",
            "1.4.2",
        ),
        Framework.NIST: ("IA-5",),
    },
    equivalents=(
        "CKV_AWS_46",
        "CKV_AWS_88",
        "FSBP EC2.25",
        "prowler:ec2_launch_template_no_secrets",
        "prowler:ec2_launch_template_no_public_ip",
    ),
    enforcement=ALWAYS,
    types=("aws:ec2/launchTemplate:LaunchTemplate",),
    check=check,
    rewrite=rewrite,
)
