"""One object of each kind that a stack may hold, as a program gives it first and as it changes it then."""

from __future__ import annotations

from typing import Any

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SERVICE = "kubernetes:core/v1:Service"
JOB = "kubernetes:batch/v1:Job"


def a_pod(**spec: Any) -> dict[str, Any]:
    """A pod template whose image never has to run."""
    containers = [
        {"name": "main", "image": "example.invalid/main", "resources": {"requests": {"cpu": "0.1"}}}
    ]
    return {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": containers, **spec}}


_JOB_SPEC = {"suspend": True, "template": a_pod(restartPolicy="Never")}
_METRIC = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
}
PORT = {"name": "http", "port": 80, "targetPort": 8000}
_RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
_SUBJECT = {"kind": "ServiceAccount", "name": "reader", "namespace": "default"}
_REFERENCE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}

KINDS: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    (CONFIG_MAP, "v1", "ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}}),
    (SECRET, "v1", "Secret", {"stringData": {"a": "1"}}, {"stringData": {"a": "2"}}),
    (
        "kubernetes:core/v1:ServiceAccount",
        "v1",
        "ServiceAccount",
        {"automountServiceAccountToken": False},
        {"automountServiceAccountToken": True},
    ),
    (
        "kubernetes:rbac.authorization.k8s.io/v1:Role",
        "rbac.authorization.k8s.io/v1",
        "Role",
        {"rules": [_RULE]},
        {"rules": [{**_RULE, "verbs": ["get", "list"]}]},
    ),
    (
        "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        {"roleRef": _REFERENCE, "subjects": [_SUBJECT]},
        {"roleRef": _REFERENCE, "subjects": [{**_SUBJECT, "name": "other"}, {"kind": "User", "name": "u"}]},
    ),
    (
        "kubernetes:core/v1:ResourceQuota",
        "v1",
        "ResourceQuota",
        {"spec": {"hard": {"requests.cpu": "2000m", "pods": "4"}}},
        {"spec": {"hard": {"requests.cpu": "3", "pods": "4"}}},
    ),
    (
        "kubernetes:core/v1:LimitRange",
        "v1",
        "LimitRange",
        {
            "spec": {
                "limits": [{"type": "Container", "default": {"cpu": "0.5"}, "defaultRequest": {"cpu": "0.1"}}]
            }
        },
        {
            "spec": {
                "limits": [{"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "0.1"}}]
            }
        },
    ),
    (
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        "networking.k8s.io/v1",
        "NetworkPolicy",
        {"spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 80}]}]}},
        {
            "spec": {
                "podSelector": {},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"ports": [{"port": 81}]}],
            }
        },
    ),
    (
        SERVICE,
        "v1",
        "Service",
        {"spec": {"clusterIP": "None", "selector": {"app": "a"}, "ports": [PORT]}},
        {"spec": {"clusterIP": "None", "selector": {"app": "a"}, "ports": [{**PORT, "port": 81}]}},
    ),
    (
        DEPLOYMENT,
        "apps/v1",
        "Deployment",
        {"spec": {"replicas": 0, "selector": {"matchLabels": {"app": "a"}}, "template": a_pod()}},
        {
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {"app": "a"}},
                "template": a_pod(priority=0),
            }
        },
    ),
    (
        "kubernetes:batch/v1:CronJob",
        "batch/v1",
        "CronJob",
        {"spec": {"schedule": "0 0 * * *", "suspend": True, "jobTemplate": {"spec": _JOB_SPEC}}},
        {"spec": {"schedule": "0 1 * * *", "suspend": True, "jobTemplate": {"spec": _JOB_SPEC}}},
    ),
    (JOB, "batch/v1", "Job", {"spec": _JOB_SPEC}, {"spec": {**_JOB_SPEC, "backoffLimit": 2}}),
    (
        "kubernetes:policy/v1:PodDisruptionBudget",
        "policy/v1",
        "PodDisruptionBudget",
        {"spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "a"}}}},
        {"spec": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "a"}}}},
    ),
    (
        "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        {
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "minReplicas": 2,
                "maxReplicas": 20,
                "metrics": [_METRIC],
            }
        },
        {
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "minReplicas": 2,
                "maxReplicas": 10,
                "metrics": [_METRIC],
            }
        },
    ),
]
