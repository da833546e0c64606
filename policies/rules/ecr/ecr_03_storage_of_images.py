"""ECR-03: images are encrypted with a key of ours, tidied up, and not deleted with the stack."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import IN_PROD, Context, Finding, Framework, Rule, Severity

LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"


def check(repository: Resource, context: Context) -> Iterator[Finding]:
    """KMS with a key, a lifecycle policy that names the repository, and outside of dev no force_delete."""
    path = "encryptionConfigurations"
    encryptions = repository.view.objects(path)
    if not any(each.text("encryptionType") == "KMS" and each.named("kmsKey") for each in encryptions):
        yield Finding(path=path, message="not encrypted with a key of the account's own", key="encryption")
    if not context.stack.referring(repository, LIFECYCLE, "repository", by=("name",)):
        yield Finding(path="", message="images are kept for ever: no lifecycle policy", key="lifecycle")
    in_prod = context.environment not in {"dev", "staging"}
    if in_prod and repository.view.flag("forceDelete"):
        yield Finding(path="forceDelete", message="is deleted with all its images", key="force")


RULE = Rule(
    id="ECR-03",
    title=("Images are encrypted with a key of the account's own, expire by rule, and outlive a mistake."),
    severity=Severity.LOW,
    why=(
        "Images hold model code; without a rule they pile up, and with force_delete one destroy "
        "takes them all."
    ),
    remediation="Make repositories by infra/aws/registry.py.",
    frameworks={Framework.SOC2: ("C1.1",), Framework.PCI_DSS: ("3.5.1",), Framework.NIST: ("SC-28",)},
    equivalents=(
        "CKV_AWS_136",
        "FSBP ECR.3",
        "prowler:ecr_repositories_lifecycle_policy_enabled",
    ),
    enforcement=IN_PROD,
    types=("aws:ecr/repository:Repository",),
    check=check,
    needs_stack=True,
)
