"""GEN-01: everything says whose it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View, WrongTypeError

PROVIDER = "pulumi:providers:aws"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
REQUIRED = ("Project", "Environment", "Owner", "CostCenter")
MADE = ("instance", "volume", "network-interface")
"""What EC2 makes from a launch template, without the template's own tags and the provider's."""


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """The provider gives them all, and so does what makes machines; no resource replaces one by nothing."""
    del context
    view = resource.view
    if resource.type == PROVIDER:
        yield from _missing(_default_tags(view), "defaultTags", "provider")
    if resource.type == NODE_CLASS:
        yield from _missing(view.object("spec.tags"), "spec.tags", "node")
    if resource.type == TEMPLATE:
        yield from _made_from(view)
    if isinstance(resource.properties.get("tags"), Mapping):
        own = view.object("tags")
        for tag in REQUIRED:
            if tag in own and not own.text(tag).strip():
                yield Finding(path=own.where(tag), message="blanks what the provider gives", key=tag)


def _missing(tags: View, path: str, whose: str) -> Iterator[Finding]:
    for tag in REQUIRED:
        if not tags.text(tag).strip():
            yield Finding(path=path, message=f"{whose} has no {tag}", key=f"{whose} {tag}")


def _made_from(template: View) -> Iterator[Finding]:
    """The tags of each kind of thing that EC2 makes from a launch template."""
    specifications = {each.text("resourceType"): each for each in template.objects("tagSpecifications")}
    for kind in MADE:
        tags = specifications[kind].object("tags") if kind in specifications else View({})
        yield from _missing(tags, tags.path or "tagSpecifications", kind)


def _default_tags(provider: View) -> View:
    """A provider's inputs are texts: objects among them are JSON."""
    value = provider.value_of("defaultTags")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise WrongTypeError("defaultTags", "a JSON document", value) from None
    return View({"defaultTags": value}, reads=provider.reads).object("defaultTags.tags")


RULE = Rule(
    id="GEN-01",
    title="Every AWS resource, nodes too, has the tags Project, Environment, Owner and CostCenter.",
    severity=Severity.LOW,
    why="What belongs to nobody is patched, paid and deleted by nobody.",
    remediation=(
        "Give the provider, launch templates (tag_specifications) and node classes (spec.tags) the "
        "default_tags of infra/conventions.py; do not blank them on a resource."
    ),
    frameworks={Framework.SOC2: ("CC2.1",), Framework.PCI_DSS: ("12.4.2",), Framework.NIST: ("CM-8",)},
    equivalents=("FSBP Config.1",),
    enforcement=FROM_STAGING,
    types=("aws:*", PROVIDER, NODE_CLASS),
    check=check,
)
