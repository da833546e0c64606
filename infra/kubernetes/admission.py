"""What the API server refuses in namespaces of tenants: the policy pack's rules about pods, once more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi import Output
from pulumi_kubernetes.admissionregistration.v1.ValidatingAdmissionPolicy import ValidatingAdmissionPolicy
from pulumi_kubernetes.admissionregistration.v1.ValidatingAdmissionPolicyBinding import (
    ValidatingAdmissionPolicyBinding,
)

from infra.conventions import ComponentType, registered

MANIFESTS_FILE = Path(__file__).with_name("admission_policies.yaml")
"""Generated from the rules by `python -m policies.admission`: this program needs no policy pack to run."""


@dataclass(frozen=True, kw_only=True)
class AdmissionArgs:
    """What the policies are made from.

    Args:
        manifests: policies and bindings; each binding comes after its policy.
    """

    manifests: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class AdmissionOutputs:
    """Names of the bindings: what depends on them is judged by all policies."""

    bindings: Output[list[str]]


class Admission(pulumi.ComponentResource):
    """Admission policies with their bindings. A policy without a binding refuses nothing."""

    def __init__(self, name: str, args: AdmissionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.ADMISSION, name, None, opts)
        policies: dict[str, ValidatingAdmissionPolicy] = {}
        bindings: list[ValidatingAdmissionPolicyBinding] = []
        for manifest in args.manifests:
            if manifest["kind"] == "ValidatingAdmissionPolicy":
                policies[manifest["metadata"]["name"]] = self._create_policy(manifest)
            else:
                bindings.append(self._bind(manifest, policies[manifest["spec"]["policyName"]]))
        self.outputs = AdmissionOutputs(
            bindings=Output.all(*(binding.metadata.name for binding in bindings)).apply(list)
        )
        self.register_outputs(registered(self.outputs))

    def _create_policy(self, manifest: dict[str, Any]) -> ValidatingAdmissionPolicy:
        return ValidatingAdmissionPolicy(
            manifest["metadata"]["name"],
            metadata=manifest["metadata"],
            spec=manifest["spec"],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _bind(
        self, manifest: dict[str, Any], policy: ValidatingAdmissionPolicy
    ) -> ValidatingAdmissionPolicyBinding:
        spec: Any = {**manifest["spec"], "policyName": policy.metadata.name}
        return ValidatingAdmissionPolicyBinding(
            manifest["metadata"]["name"],
            metadata=manifest["metadata"],
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self),
        )


def generated_manifests() -> tuple[dict[str, Any], ...]:
    """The manifests of the generated file."""
    return tuple(yaml.safe_load_all(MANIFESTS_FILE.read_text(encoding="utf-8")))
