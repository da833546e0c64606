"""The Kubernetes provider under the real Pulumi CLI: a program of its own, from preview to destroy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2_grpc

from groundplan.rehearsal.providers import language_host
from groundplan.rehearsal.providers.kubernetes.provider import KubernetesService
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import PROJECT_ROOT, World

pytestmark = pytest.mark.rehearsal

PROGRAM = """
import os
import pulumi
import pulumi_kubernetes as k8s

settings = pulumi.Config()
cluster = k8s.Provider("cluster", kubeconfig=os.environ["TEST_KUBECONFIG"])
other = k8s.Provider("other", kubeconfig=os.environ["TEST_KUBECONFIG"], namespace="kube-public")
here = pulumi.ResourceOptions(provider=cluster)
space = k8s.core.v1.Namespace("space", metadata={"name": "by-pulumi"}, opts=here)
name = space.metadata.apply(lambda metadata: metadata.name)
size = {"size": settings.require("size")}
k8s.core.v1.ConfigMap("settings", metadata={"namespace": name}, data=size, opts=here)
k8s.core.v1.ConfigMap("elsewhere", data={"a": "1"}, opts=pulumi.ResourceOptions(provider=other))
k8s.core.v1.Secret(
    "password", metadata={"name": "password", "namespace": name},
    string_data={"key": settings.require_secret("password")}, opts=here,
)
labels = {"app": settings.get("label") or "web"}
web = k8s.apps.v1.Deployment(
    "web",
    metadata={"name": "web", "namespace": name},
    spec={
        "replicas": 0,
        "selector": {"match_labels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{
                "name": "main", "image": "example.invalid/main",
                "resources": {"requests": {"cpu": "0.25", "memory": "1024Mi"}},
                "ports": [{"container_port": 8000}],
            }]},
        },
    },
    opts=here,
)
service = k8s.core.v1.Service(
    "web", metadata={"name": "web", "namespace": name, "annotations": {"pulumi.com/skipAwait": "true"}},
    spec={"selector": labels, "ports": [{"port": 80, "target_port": 8000}]}, opts=here,
)
pulumi.export("address", service.spec.apply(lambda spec: spec.cluster_ip))
pulumi.export("uid", web.metadata.apply(lambda metadata: metadata.uid))
"""


@dataclass(frozen=True)
class Stack:
    """A Pulumi stack with its state on disk."""

    folder: Path
    variables: dict[str, str]
    kubectl_program: Path

    def pulumi(self, *arguments: str, succeeds: bool = True) -> str:
        """Run the CLI; its output."""
        argv = [str(self.folder / "bin" / "pulumi"), *arguments]
        done = subprocess.run(
            argv,
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
        return done.stdout + done.stderr

    def changes(self, command: str, *options: str) -> dict[str, int]:
        """What a command changed: operation -> number of resources."""
        text = self.pulumi(command, "--json", "--stack=dev", *options)
        if command == "preview" or "--preview-only" in options:
            return json.loads(text)["changeSummary"]
        events = [json.loads(line) for line in text.splitlines()]
        return next(event["summaryEvent"]["resourceChanges"] for event in events if "summaryEvent" in event)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        return json.loads(self.pulumi("stack", "output", "--json", "--stack=dev"))

    def kubectl(self, *arguments: str) -> str:
        """Do something behind Pulumi's back."""
        argv = [str(self.kubectl_program), "--kubeconfig", self.variables["TEST_KUBECONFIG"], *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def stack(control_plane: World, toolbox: Toolbox, tmp_path: Path) -> Generator[Stack]:
    """The program, its stack and the provider."""
    server = grpc.server(ThreadPoolExecutor(max_workers=32))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(KubernetesService(dict), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").hardlink_to(toolbox.obtain("pulumi").resolve())
    host = tmp_path / "bin" / "pulumi-language-python"
    host.write_text(
        f"#!{sys.executable} -u\nimport sys\nsys.path[0] = {str(PROJECT_ROOT)!r}\n"
        f"from {language_host.__name__} import main\nmain()\n"
    )
    host.chmod(0o755)
    (tmp_path / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "kubernetes-test", "runtime": "python"}))
    (tmp_path / "__main__.py").write_text(PROGRAM)
    (tmp_path / "state").mkdir()
    variables = {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_DEBUG_PROVIDERS": f"kubernetes:{port}",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "TEST_KUBECONFIG": str(control_plane.admin_kubeconfig),
    }
    made = Stack(tmp_path, variables, toolbox.obtain("kubectl"))
    made.pulumi("stack", "init", "dev")
    made.pulumi("config", "set", "size", "1")
    made.pulumi("config", "set", "--secret", "password", "very-secret-word")
    yield made
    server.stop(grace=None).wait()


def test_life_of_a_stack(stack: Stack) -> None:
    """Preview, up, up again, refresh, drift, replacement and destroy, as a user types them."""
    assert stack.changes("preview") == {"create": 9}
    assert stack.changes("up", "--yes", "--skip-preview") == {"create": 9}
    first = stack.outputs()
    assert first["address"].startswith("172.20.")
    assert stack.changes("up", "--yes", "--skip-preview") == {"same": 9}
    assert stack.changes("refresh", "--yes", "--skip-preview") == {"same": 9}
    assert "very-secret-word" not in stack.pulumi("stack", "export", "--stack=dev")

    stack.kubectl("-n", "by-pulumi", "label", "service", "web", "by=hand")
    assert stack.changes("refresh", "--yes", "--skip-preview") == {"same": 9}
    stack.kubectl("-n", "by-pulumi", "set", "image", "deployment/web", "main=example.invalid/other")
    assert stack.changes("refresh", "--preview-only") == {"same": 8, "update": 1}
    stack.kubectl("-n", "by-pulumi", "delete", "service", "web")
    assert stack.changes("refresh", "--yes", "--skip-preview") == {"same": 7, "update": 1, "delete": 1}
    stack.kubectl("-n", "by-pulumi", "delete", "deployment", "web")
    assert stack.changes("refresh", "--yes", "--skip-preview") == {"same": 7, "delete": 1}
    assert stack.changes("up", "--yes", "--skip-preview") == {"same": 7, "create": 2}

    stack.pulumi("config", "set", "size", "2")
    stack.pulumi("config", "set", "label", "other")
    summary = stack.changes("preview")
    assert (summary["same"], summary["replace"], summary["update"]) == (6, 2, 1)
    stack.pulumi("up", "--yes", "--skip-preview", "--stack=dev")
    assert stack.outputs()["uid"] != first["uid"]
    assert len(stack.kubectl("-n", "by-pulumi", "get", "configmap", "-o", "name").split()) == 2
    assert stack.changes("refresh", "--yes", "--skip-preview") == {"same": 9}

    stack.pulumi("destroy", "--yes", "--skip-preview", "--stack=dev")
    assert stack.kubectl("get", "namespace", "by-pulumi", "--ignore-not-found") == ""
