"""K8S-18: secrets come into containers as files."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.pods import declares_pods
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._pods import containers_of, name_of


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """No environment variable is made from a Secret."""
    for _, container in containers_of(resource, context):
        name = name_of(container)
        for variable in container.objects("env"):
            if variable.object("valueFrom.secretKeyRef").keys():
                yield Finding(path=variable.path, message=f"{name} has a secret variable", key=name)
        for source in container.objects("envFrom"):
            if source.object("secretRef").keys():
                yield Finding(path=source.path, message=f"{name} has a Secret as variables", key=name)


RULE = Rule(
    id="K8S-18",
    title="Secrets come into containers as files and not as environment variables.",
    severity=Severity.MEDIUM,
    why="Variables are inherited by every child process, and end up in crash reports and logs.",
    remediation="Mount the Secret as a volume, or read it from Secrets Manager with the pod's role.",
    frameworks={Framework.CIS_EKS: ("4.4.1",), Framework.SOC2: ("CC6.1",), Framework.NIST: ("IA-5",)},
    equivalents=("CKV_K8S_35", "prowler:core_no_secrets_envs"),
    enforcement=FROM_STAGING,
    types=("kubernetes:*",),
    applies=declares_pods,
    check=check,
    cel=(
        "c.?env.orValue([]).all(e, !has(e.valueFrom) || !has(e.valueFrom.secretKeyRef))"
        " && c.?envFrom.orValue([]).all(f, !has(f.secretRef))"
    ),
)
