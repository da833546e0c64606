"""AI-10: each GPU is handed out by one system: NVIDIA's device plugin, or DRA."""

from __future__ import annotations

import tomllib
from base64 import b64decode
from collections.abc import Iterator, Sequence
from itertools import chain

from infra.conventions import GPU_RESOURCE
from policies.core.pods import Pod, declares_pods, namespace_of, pods_of
from policies.core.resources import Resource, Stack
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.core.values import View, WrongTypeError
from policies.rules.ai._claims import claims_gpus
from policies.rules.kubernetes._amounts import count
from policies.rules.kubernetes._placement import labels_of, may_meet, may_run_on
from policies.rules.kubernetes._pods import has_gpu

GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
PLUGIN = ("nvidia-device-plugin", "k8s-device-plugin")
DRIVER = ("gpu-kubelet-plugin",)
"""What containers that hand out GPUs run. The other program of the driver is for networks of GPUs."""


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """Nodes have one of both; pods that use DRA for GPUs are kept from nodes of the plugin."""
    stack = context.stack
    if resource.type == GROUP:
        if _is_bottlerocket(resource):
            yield from _judge_node(*_enabled(_user_data(resource, stack)))
        return
    for pod in pods_of(resource):
        claims = claims_gpus(pod, namespace_of(resource), stack)
        if claims and any(has_gpu(container) for container in pod.containers()):
            message = f"asks for {GPU_RESOURCE} and claims GPUs: two systems that do not know each other"
            yield Finding(path=pod.spec.where("resourceClaims"), message=message, key="both")
        elif claims or (resource.type == DAEMON_SET and _runs(pod, DRIVER)):
            yield from _judge_place(pod, stack)


def _judge_node(plugin: bool, dra: bool) -> Iterator[Finding]:
    if plugin and dra:
        message = "device plugin and DRA driver are both on: Bottlerocket starts the plugin only"
        yield Finding(path="launchTemplate", message=message, key="both")
    if not plugin and not dra:
        yield Finding(path="launchTemplate", message="nothing hands out the GPUs", key="none")


def _judge_place(pod: Pod, stack: Stack) -> Iterator[Finding]:
    """Nothing but labels of nodes keeps DRA and the plugin apart."""
    nodes = chain(_groups_with_plugin(stack), _pools_with_plugin(stack))
    shared = [name for name, labels in nodes if may_run_on(pod.spec, labels)]
    for daemon in stack.of(DAEMON_SET):
        shared += [
            daemon.name
            for plugin in pods_of(daemon)
            if _runs(plugin, PLUGIN) and may_meet(pod.spec, plugin.spec)
        ]
    for name in shared:
        path = pod.spec.where("nodeSelector")
        yield Finding(path=path, message=f"may run where the device plugin is: {name}", key=name)


def _groups_with_plugin(stack: Stack) -> Iterator[tuple[str, dict[str, str]]]:
    """Node groups of Bottlerocket that have the plugin, which is built in, and their labels."""
    for group in stack.of(GROUP):
        if _is_bottlerocket(group) and _enabled(_user_data(group, stack))[0]:
            yield group.name, labels_of(group.view, "labels")


def _pools_with_plugin(stack: Stack) -> Iterator[tuple[str, dict[str, str]]]:
    """The same of Karpenter's pools, whose classes say which image nodes have."""
    classes = {each.view.text("metadata.name"): each.view for each in stack.of(NODE_CLASS)}
    for pool in stack.of(NODE_POOL):
        if not count(pool.view.object("spec.limits"), GPU_RESOURCE):
            continue
        nodes = classes.get(pool.view.text("spec.template.spec.nodeClassRef.name"), View({}))
        aliases = [term.text("alias") for term in nodes.objects("spec.amiSelectorTerms")]
        built_in = any(alias.startswith("bottlerocket@") for alias in aliases)
        if built_in and _enabled(_parsed(nodes.text("spec.userData"), "spec.userData"))[0]:
            yield pool.name, labels_of(pool.view, "spec.template.metadata.labels")


def _is_bottlerocket(group: Resource) -> bool:
    kind = group.view.text("amiType")
    return kind.startswith("BOTTLEROCKET") and "NVIDIA" in kind


def _user_data(group: Resource, stack: Stack) -> View:
    templates = stack.referred(group, "launchTemplate", TEMPLATE)
    text = templates[0].view.text("userData") if templates else ""
    try:
        return _parsed(b64decode(text, validate=True).decode(), "userData")
    except ValueError:
        raise WrongTypeError("userData", "settings of Bottlerocket in base64", text) from None


def _parsed(settings: str, path: str) -> View:
    try:
        return View(tomllib.loads(settings), path)
    except tomllib.TOMLDecodeError:
        raise WrongTypeError(path, "settings of Bottlerocket", settings) from None


def _enabled(node: View) -> tuple[bool, bool]:
    """Whether the plugin and the driver of DRA are on: the former unless it is switched off.

    Source: pull requests 914 and 1035 of bottlerocket-core-kit.
    """
    plugin = node.flag("settings.kubelet-device-plugins.nvidia.enabled", default=True)
    return plugin, node.flag("settings.kubelet-dra-drivers.nvidia.enabled")


def _runs(pod: Pod, programs: Sequence[str]) -> bool:
    """Whether a container is of a program, by its command or the name of its image."""
    return any(
        program in said
        for container in pod.containers()
        for said in (*container.texts("command"), *container.texts("args"), container.text("image"))
        for program in programs
    )


RULE = Rule(
    id="AI-10",
    title="The GPUs of a node are handed out by NVIDIA's device plugin or by DRA, and never by both.",
    severity=Severity.HIGH,
    why="Each counts the same GPU as free: two tenants get it at once, or a pod waits for one for ever.",
    remediation=(
        "Ask for nvidia.com/gpu on the pools of gpu_pools. For DRA, keep pods and driver by nodeSelector on "
        "nodes whose device plugin is off."
    ),
    frameworks={Framework.SOC2: ("A1.1", "CC6.1"), Framework.NIST: ("CM-6", "SC-6")},
    enforcement=ALWAYS,
    types=("kubernetes:*", GROUP),
    applies=lambda resource: resource.type == GROUP or declares_pods(resource),
    check=check,
    needs_stack=True,
)
