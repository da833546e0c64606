"""K8S-11: a model server is ready when its model is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.conventions import WORKLOAD_LABEL
from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.rules.kubernetes._pods import MAY_HAVE_GPU_CEL, may_have_gpu, name_of
from policies.rules.kubernetes._serving import CONTROLLERS, SERVING, serving_pods

READY = r"^/v2/models/[^/]+(/versions/[^/]+)?/ready$"
"""The Open Inference Protocol's question for one model; `/v2/health/ready` is about the server."""
LABELLED_CEL = f"object.spec.template.?metadata.?labels[?'{WORKLOAD_LABEL}'].orValue('') == '{SERVING}'"


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Containers with a GPU, or all if none has one, ask for the model, and for being alive."""
    for pod in serving_pods(resource, context):
        containers = list(pod.containers("containers"))
        if len(containers) > 1:
            containers = [container for container in containers if may_have_gpu(container)] or containers
        for container in containers:
            name = name_of(container)
            if not re.search(READY, container.text("readinessProbe.httpGet.path")):
                yield Finding(
                    path=container.where("readinessProbe"),
                    message=f"{name} is ready before its model is",
                    key=name,
                )
            if not container.object("livenessProbe").keys():
                yield Finding(
                    path=container.where("livenessProbe"),
                    message=f"{name} is not restarted when it hangs",
                    key=name,
                )


RULE = Rule(
    id="K8S-11",
    title="A model server gets requests only while its model is ready, and is restarted when it hangs.",
    severity=Severity.MEDIUM,
    why="A server that is up without its model answers every request with an error.",
    remediation="Let readinessProbe ask /v2/models/NAME/ready, and set a livenessProbe.",
    frameworks={Framework.SOC2: ("A1.2",), Framework.NIST: ("CP-10", "SI-13")},
    equivalents=("CKV_K8S_8", "CKV_K8S_9"),
    enforcement=FROM_STAGING,
    types=CONTROLLERS,
    check=check,
    cel=(
        "!(request.kind.kind in ['Deployment', 'StatefulSet']) || !(c in p.containers)"
        f" || !({MAY_HAVE_GPU_CEL} || ({LABELLED_CEL} && !p.containers.exists(c, {MAY_HAVE_GPU_CEL})))"
        " || (has(c.livenessProbe)"
        f" && c.?readinessProbe.?httpGet.?path.orValue('').matches(r'{READY}'))"
    ),
)
