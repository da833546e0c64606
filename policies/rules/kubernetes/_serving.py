"""Which workloads serve models."""

from __future__ import annotations

from collections.abc import Iterator

from infra.conventions import WORKLOAD_LABEL
from policies.core.pods import Pod
from policies.core.resources import Resource
from policies.core.rule import Context
from policies.rules.kubernetes._pods import may_have_gpu, workload_pods

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SERVING = "inference"
"""The service that serves models, as the label names it."""
CONTROLLERS = (DEPLOYMENT, "kubernetes:apps/v1:StatefulSet")


def serving_pods(resource: Resource, context: Context) -> Iterator[Pod]:
    """Pods of a controller that keeps them running, and that have a GPU or our label of a model server."""
    for pod in workload_pods(resource, context):
        labelled = pod.labels.get(WORKLOAD_LABEL) == SERVING
        if labelled or any(may_have_gpu(container) for container in pod.containers("containers")):
            yield pod
