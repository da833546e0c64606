"""What each persona may do on the cluster: tenants' in their namespaces, the auditor everywhere.

None sees secrets, none enters a pod.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from infra.conventions import Persona

if TYPE_CHECKING:
    from pulumi_kubernetes.rbac.v1 import PolicyRuleArgsDict as Rule

_SEE = ("get", "list", "watch")


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> Rule:
    return {"api_groups": [group], "resources": list(resources), "verbs": list(verbs)}


_LOOK = (
    _rule("", ("events", "persistentvolumeclaims", "pods", "pods/log", "services"), _SEE),
    # A run is made from a template, by whoever may read that and create jobs.
    _rule("batch", ("cronjobs", "jobs"), _SEE),
    _rule("apps", ("deployments", "replicasets"), _SEE),
    _rule("autoscaling", ("horizontalpodautoscalers",), _SEE),
    _rule("resource.k8s.io", ("resourceclaims",), _SEE),
)
_RUN_JOBS = _rule("batch", ("jobs",), ("create", "delete"))

PERSONA_RULES: Mapping[Persona, tuple[Rule, ...]] = {
    Persona.DATA_SCIENTIST: _LOOK,
    Persona.DATA_ENGINEER: (*_LOOK, _RUN_JOBS),
    Persona.ML_ENGINEER: (*_LOOK, _RUN_JOBS, _rule("apps", ("deployments/scale",), ("get", "patch"))),
}
"""Rules of each persona's role."""

AUDITOR_RULES: tuple[Rule, ...] = (
    _rule(
        "rbac.authorization.k8s.io", ("clusterrolebindings", "clusterroles", "rolebindings", "roles"), _SEE
    ),
    _rule("resource.k8s.io", ("deviceclasses", "resourceclaims", "resourceclaimtemplates"), _SEE),
    _rule("storage.k8s.io", ("storageclasses",), _SEE),
    _rule("", ("persistentvolumes",), _SEE),
)
"""What an audit asks for beyond AmazonEKSViewPolicy, which is modelled on Kubernetes' role `view`.

https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
"""
