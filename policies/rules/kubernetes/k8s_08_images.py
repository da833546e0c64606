"""K8S-08: images come from allowed registries and are named by digest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.core.pods import declares_pods
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._pods import name_of, workload_pods

DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Of containers, and of volumes that are images."""
    for pod in workload_pods(resource, context):
        for container in pod.containers():
            if not pod.partial or "image" in container:
                yield from _judge(
                    container.text("image"), container.where("image"), name_of(container), context
                )
        for volume in pod.spec.objects("volumes"):
            if "image" in volume:
                path = "image.reference"
                yield from _judge(volume.text(path), volume.where(path), volume.text("name"), context)


def _judge(image: str, path: str, name: str, context: Context) -> Iterator[Finding]:
    if not any(re.match(pattern, image) for pattern in context.settings.image_registries):
        yield Finding(path=path, message=f"the image of {name} is from no allowed registry", key=name)
    if not DIGEST.search(image):
        yield Finding(path=path, message=f"the image of {name} is not named by digest", key=name)


RULE = Rule(
    id="K8S-08",
    title="Images come from allowed registries and are named by digest.",
    severity=Severity.HIGH,
    why="A tag can mean another program tomorrow, and a public registry anybody's.",
    remediation="Push to ECR and use NAME@sha256:DIGEST; other registries go into policies/settings.yaml.",
    frameworks={
        Framework.CIS_EKS: ("5.1.4",),
        Framework.SOC2: ("CC6.8",),
        Framework.NIST: ("CM-2", "CM-7", "SI-7"),
    },
    equivalents=("CKV_K8S_14", "CKV_K8S_43", "prowler:core_image_tag_fixed"),
    enforcement=FROM_STAGING,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    cel=(
        "c.?image.orValue('').matches('@sha256:[0-9a-f]{64}$')"
        " && variables.settings.image_registries.exists(r, c.image.matches('^(' + r + ')'))"
    ),
    cel_pod=(
        "p.?volumes.orValue([]).all(v, !has(v.image)"
        " || (v.image.?reference.orValue('').matches('@sha256:[0-9a-f]{64}$')"
        " && variables.settings.image_registries.exists(r, v.image.reference.matches('^(' + r + ')'))))"
    ),
)
