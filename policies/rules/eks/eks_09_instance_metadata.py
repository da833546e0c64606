"""EKS-09: pods cannot take the node's credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """A template asks for tokens and one hop; a node group has a template, for EKS' own allows two hops."""
    del context
    if resource.type == NODE_GROUP:
        template = resource.view.object("launchTemplate")
        if not template.named("id") and not template.named("name"):
            yield Finding(
                path="launchTemplate", message="without a template, pods reach metadata", key="none"
            )
        return
    # Of a class, Karpenter's defaults are the strict ones.
    by_karpenter = resource.type == NODE_CLASS
    options = resource.view.object("spec.metadataOptions" if by_karpenter else "metadataOptions")
    if options.text("httpEndpoint", "enabled") == "disabled":
        return
    if options.text("httpTokens", "required" if by_karpenter else "optional") != "required":
        yield Finding(path=options.where("httpTokens"), message="answers without a token", key="tokens")
    if options.number("httpPutResponseHopLimit", 1) > 1:
        path = options.where("httpPutResponseHopLimit")
        yield Finding(path=path, message="tokens reach pods: more than one hop", key="hops")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Tokens and one hop for a template; a node group cannot be given one here."""
    if "nodeRoleArn" in properties:
        return dict(properties)
    spec = properties.get("spec")
    if isinstance(spec, Mapping):
        return {**properties, "spec": rewrite(spec, context)}
    options = properties.get("metadataOptions")
    strict = {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}
    return {**properties, "metadataOptions": {**(options if isinstance(options, Mapping) else {}), **strict}}


RULE = Rule(
    id="EKS-09",
    title="Instance metadata wants a session token and answers no pod.",
    severity=Severity.HIGH,
    why="A pod that reaches the metadata of its node holds the node's role.",
    remediation=(
        "Give every node group a launch template with http_tokens required and http_put_response_hop_limit 1;"
        " of an EC2NodeClass, leave metadataOptions as Karpenter has them."
    ),
    frameworks={Framework.CIS_AWS: ("5.7",), Framework.SOC2: ("CC6.1",), Framework.NIST: ("AC-3",)},
    equivalents=(
        "CKV_AWS_79",
        "CKV_AWS_341",
        "FSBP EC2.8",
        "prowler:ec2_launch_template_imdsv2_required",
    ),
    enforcement=ALWAYS,
    types=(
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:eks/nodeGroup:NodeGroup",
        NODE_CLASS,
    ),
    check=check,
    rewrite=rewrite,
)
