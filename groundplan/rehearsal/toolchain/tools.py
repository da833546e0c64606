"""The one table of tools: which version a rehearsal needs, and how each is got."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

MODULES = Path(__file__).parent / "modules"
"""One Go module of ours per source of tools; its go.mod and go.sum pin every dependency."""

KUBERNETES_VERSION = "1.35.5"
CONTAINERD_VERSION = "2.2.0"
PULUMI_VERSION = "3.259.0"


@dataclass(frozen=True, kw_only=True)
class GoTool:
    """A program that is built from one of our pinned Go modules, unless PATH has it in this version.

    Args:
        name: the program's file name.
        version: without a leading v.
        module: folder below `MODULES`.
        pinned: how go.mod writes the version, where it is not "v" + version.
        package: the main package.
        requires: the pinned module, as go.mod names it; empty for a program of our own.
        ldflags: flags of the linker beside `-s -w`, mostly the version that the program reports.
        tags: build tags.
        version_args: arguments that make the program print its version; empty if it cannot.
        patches: our changes to the pinned module: files in the folder of ours.
    """

    name: str
    version: str
    module: str
    package: str
    requires: str = ""
    pinned: str = ""
    ldflags: str = ""
    tags: str = ""
    version_args: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()

    @property
    def edition(self) -> str:
        """The version; of a patched program, with a digest of the patches."""
        if not self.patches:
            return self.version
        digest = hashlib.sha256()
        for patch in self.patches:
            digest.update((MODULES / self.module / patch).read_bytes())
        return f"{self.version}-{digest.hexdigest()[:8]}"


@dataclass(frozen=True, kw_only=True)
class DebianTool:
    """A program that comes with a Debian package.

    Args:
        name: how the toolbox calls it.
        package: the Debian package; `make` installs those of debian-packages.txt.
        file: a path below which it lies, where it is not a program on PATH.
    """

    name: str
    package: str
    file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class TerraformProvider:
    """A Terraform provider: taken from a filesystem mirror of any version, else built.

    Args:
        name: the program's file name.
        source: `namespace/type` in the mirror.
        build: how it is built in the exact version.
    """

    name: str
    source: str
    build: GoTool

    @property
    def version(self) -> str:
        """The version that the program's SDK fits best."""
        return self.build.version


Tool = GoTool | DebianTool | TerraformProvider


def _kubernetes(name: str, *version_args: str) -> GoTool:
    major, minor, _ = KUBERNETES_VERSION.split(".")
    reported = "k8s.io/component-base/version"
    return GoTool(
        name=name,
        version=KUBERNETES_VERSION,
        module="kubernetes",
        requires="k8s.io/kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        ldflags=f"-X {reported}.gitVersion=v{KUBERNETES_VERSION} -X {reported}.gitMajor={major} "
        f"-X {reported}.gitMinor={minor} -X {reported}.gitTreeState=clean "
        f"-X k8s.io/client-go/pkg/version.gitVersion=v{KUBERNETES_VERSION}",
        version_args=version_args or ("--version",),
    )


def _containerd(name: str, *version_args: str) -> GoTool:
    module = "github.com/containerd/containerd/v2"
    return GoTool(
        name=name,
        version=CONTAINERD_VERSION,
        module="containerd",
        requires=module,
        package=f"{module}/cmd/{name}",
        ldflags=f"-X {module}/version.Version={CONTAINERD_VERSION}",
        tags="no_btrfs no_devmapper no_zfs",
        version_args=version_args,
    )


_GO_TOOLS = (
    GoTool(
        name="etcd",
        version="3.6.5",
        module="etcd",
        requires="go.etcd.io/etcd/server/v3",
        package="go.etcd.io/etcd/server/v3",
        version_args=("--version",),
    ),
    _kubernetes("kube-apiserver"),
    _kubernetes("kube-controller-manager"),
    _kubernetes("kube-scheduler"),
    _kubernetes("kube-proxy"),
    _kubernetes("kubelet"),
    _kubernetes("kubectl", "version", "--client"),
    _containerd("containerd", "--version"),
    _containerd("containerd-shim-runc-v2", "-v"),
    _containerd("ctr", "--version"),
    GoTool(
        name="coredns",
        version="1.14.0",
        module="coredns",
        requires="github.com/coredns/coredns",
        package="github.com/coredns/coredns",
        version_args=("-version",),
    ),
    GoTool(
        name="kube-router",
        version="2.1.0",
        module="kube-router",
        requires="github.com/cloudnativelabs/kube-router/v2",
        package="github.com/cloudnativelabs/kube-router/v2/cmd/kube-router",
        version_args=("--version",),
    ),
    GoTool(
        name="metrics-server",
        version="0.9.0",
        module="metrics-server",
        requires="sigs.k8s.io/metrics-server",
        package="sigs.k8s.io/metrics-server/cmd/metrics-server",
        version_args=("--version",),
    ),
    GoTool(
        name="karpenter",
        version="1.13.0",
        module="karpenter",
        requires="github.com/aws/karpenter-provider-aws",
        package="github.com/aws/karpenter-provider-aws/cmd/controller",
        ldflags="-X sigs.k8s.io/karpenter/pkg/operator.Version=1.13.0",
    ),
    GoTool(
        name="actionlint",
        version="1.7.7",
        module="actionlint",
        requires="github.com/rhysd/actionlint",
        package="github.com/rhysd/actionlint/cmd/actionlint",
        ldflags="-X github.com/rhysd/actionlint.version=1.7.7",
        version_args=("-version",),
    ),
    GoTool(
        name="tofu",
        version="1.12.6",
        module="opentofu",
        requires="github.com/opentofu/opentofu",
        package="github.com/opentofu/opentofu/cmd/tofu",
        version_args=("version",),
    ),
    GoTool(
        name="pause",
        version="1.0.0",
        module="pause",
        package="groundplan.dev/toolchain/pause",
    ),
    GoTool(
        name="pulumi",
        version=PULUMI_VERSION,
        module="pulumi",
        requires="github.com/pulumi/pulumi/pkg/v3",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        ldflags=f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PULUMI_VERSION}",
        patches=("grouped-checkpoints.patch", "no-idle-remediation.patch"),
        version_args=("version",),
    ),
    GoTool(
        name="pulumi-terraform-bridge",
        version="3.128.0",
        module="pulumi-bridge",
        requires="github.com/pulumi/pulumi-terraform-bridge/v3",
        package="github.com/pulumi/pulumi-terraform-bridge/v3/dynamic",
        patches=("like-pulumi-aws.patch",),
    ),
)

_TERRAFORM_PROVIDERS = (
    TerraformProvider(
        name="terraform-provider-aws",
        source="hashicorp/aws",
        build=GoTool(
            name="terraform-provider-aws",
            version="6.47.1",
            module="terraform-provider-aws",
            requires="github.com/hashicorp/terraform-provider-aws",
            pinned="v1.60.1-0.20260602190131-5f2286d6d836",
            package="github.com/hashicorp/terraform-provider-aws",
            ldflags="-X github.com/hashicorp/terraform-provider-aws/version.ProviderVersion=6.47.1",
        ),
    ),
)

_DEBIAN_TOOLS = (
    DebianTool(name="buildah", package="buildah"),
    DebianTool(name="cni-plugins", package="containernetworking-plugins", file=Path("/usr/lib/cni")),
    DebianTool(name="conntrack", package="conntrack"),
    DebianTool(name="fuse-overlayfs", package="fuse-overlayfs"),
    DebianTool(name="ip", package="iproute2"),
    DebianTool(name="ipset", package="ipset"),
    DebianTool(name="iptables", package="iptables"),
    DebianTool(name="mmdebstrap", package="mmdebstrap"),
    DebianTool(name="nft", package="nftables"),
    DebianTool(name="nsenter", package="util-linux"),
    DebianTool(name="runc", package="runc"),
    DebianTool(name="ss", package="iproute2"),
    DebianTool(name="sysctl", package="procps"),
)

TOOLS: Mapping[str, Tool] = MappingProxyType(
    {tool.name: tool for tool in (*_GO_TOOLS, *_TERRAFORM_PROVIDERS, *_DEBIAN_TOOLS)}
)
"""Every tool by its name."""


def pinned_version(name: str) -> str:
    """The version of a tool that is not left to Debian."""
    tool = TOOLS[name]
    if isinstance(tool, DebianTool):
        raise TypeError(f"{name}: Debian decides the version")
    return tool.version
