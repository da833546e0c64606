"""ECR-01: images are scanned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity


def check(repository: Resource, context: Context) -> Iterator[Finding]:
    """Scanning on push is on."""
    del context
    path = "imageScanningConfiguration.scanOnPush"
    if not repository.view.flag(path):
        yield Finding(path=path, message="images are not scanned")


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Scanning changes no image."""
    del context
    return {**properties, "imageScanningConfiguration": {"scanOnPush": True}}


RULE = Rule(
    id="ECR-01",
    title="Images are scanned when they are pushed.",
    severity=Severity.MEDIUM,
    why="An image with a known flaw runs on every GPU node before anybody looks.",
    remediation=(
        "Set image_scanning_configuration scan_on_push=True; it does no harm where Inspector "
        "scans all the time."
    ),
    frameworks={
        Framework.CIS_EKS: ("5.1.1",),
        Framework.SOC2: ("CC7.1",),
        Framework.PCI_DSS: (
            "6.3.3",
            "11.3.1",
        ),
        Framework.NIST: ("RA-5",),
    },
    equivalents=(
        "CKV_AWS_163",
        "FSBP ECR.1",
        "prowler:ecr_repositories_scan_images_on_push_enabled",
    ),
    enforcement=ALWAYS,
    types=("aws:ecr/repository:Repository",),
    check=check,
    rewrite=rewrite,
)
