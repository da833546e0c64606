"""ECR-04: images are nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity

PUBLIC = "aws:ecrpublic/repository:Repository"
NARROW = ("aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID")


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """No public repository, and no permission for everybody."""
    del context
    if resource.type == PUBLIC:
        yield Finding(path="", message="is a public repository", key="public")
        return
    for statement in resource.view.statements("policy"):
        if statement.allow and statement.anybody and not statement.has_condition(*NARROW):
            yield Finding(path=statement.path, message="lets everybody at the images", key=statement.sid)


RULE = Rule(
    id="ECR-04",
    title="Nobody outside may pull or push images.",
    severity=Severity.HIGH,
    why="Images hold the code of models, and whoever may push decides what runs on the nodes.",
    remediation="Name accounts or roles in the policy; keep images in private repositories.",
    frameworks={
        Framework.CIS_EKS: ("5.1.2",),
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: ("7.3.1",),
        Framework.NIST: ("AC-3",),
    },
    equivalents=(
        "CKV_AWS_32",
        "prowler:ecr_repositories_not_publicly_accessible",
    ),
    enforcement=ALWAYS,
    types=(
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:ecr/registryPolicy:RegistryPolicy",
        "aws:ecrpublic/repository:Repository",
    ),
    check=check,
)
