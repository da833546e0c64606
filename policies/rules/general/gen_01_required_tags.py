"""GEN-01: everything says whose it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View, WrongTypeError

PROVIDER = "pulumi:providers:aws"
REQUIRED = ("Project", "Environment", "Owner", "CostCenter")


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """The provider gives them all; no resource replaces one by nothing."""
    del context
    if resource.type == PROVIDER:
        tags, path = _default_tags(resource.view), "defaultTags"
        for tag in REQUIRED:
            if not tags.text(tag):
                yield Finding(path=path, message=f"the provider gives no {tag}", key=tag)
    elif isinstance(resource.properties.get("tags"), Mapping):
        own = resource.view.object("tags")
        for tag in REQUIRED:
            if tag in own and not own.text(tag).strip():
                yield Finding(path=own.where(tag), message="blanks what the provider gives", key=tag)


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
    title="Every AWS resource has the tags Project, Environment, Owner and CostCenter.",
    severity=Severity.LOW,
    why="What belongs to nobody is patched, paid and deleted by nobody.",
    remediation=(
        "Make the provider by infra/aws/account.py with infra/conventions.py's default_tags; do "
        "not blank them on a resource."
    ),
    frameworks={Framework.SOC2: ("CC2.1",), Framework.PCI_DSS: ("12.4.2",), Framework.NIST: ("CM-8",)},
    equivalents=("FSBP Config.1",),
    enforcement=FROM_STAGING,
    types=("aws:*", PROVIDER),
    check=check,
)
