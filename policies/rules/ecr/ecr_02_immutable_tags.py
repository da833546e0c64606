"""ECR-02: a tag means one image for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity


def check(repository: Resource, context: Context) -> Iterator[Finding]:
    """Immutable without exceptions."""
    del context
    if repository.view.text("imageTagMutability", "MUTABLE") != "IMMUTABLE":
        yield Finding(path="imageTagMutability", message="tags can be moved to other images")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Pushing over a tag is refused from now on."""
    del context
    kept = {key: value for key, value in properties.items() if key != "imageTagMutabilityExclusionFilters"}
    return {**kept, "imageTagMutability": "IMMUTABLE"}


RULE = Rule(
    id="ECR-02",
    title="Tags of images cannot be moved.",
    severity=Severity.MEDIUM,
    why="What was tested under a tag and what runs under it can be two images.",
    remediation="Set image_tag_mutability to IMMUTABLE, and deploy by digest.",
    frameworks={
        Framework.SOC2: ("CC8.1",),
        Framework.PCI_DSS: ("6.5.5",),
        Framework.NIST: (
            "CM-2",
            "SI-7",
        ),
    },
    equivalents=(
        "CKV_AWS_51",
        "FSBP ECR.2",
        "prowler:ecr_repositories_tag_immutability",
    ),
    enforcement=FROM_STAGING,
    types=("aws:ecr/repository:Repository",),
    check=check,
    rewrite=rewrite,
)
