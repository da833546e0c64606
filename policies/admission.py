"""The rules about pods once more, for the API server itself: `python -m policies.admission` writes them anew.

A pod that a person or an operator creates never passes through Pulumi. So each rule with an expression in CEL
becomes a ValidatingAdmissionPolicy and its binding: the API server refuses pods, and workloads that would
make such pods, in namespaces of tenants. It does so in every environment, whatever the rule's level there:
what this program itself registers keeps all of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from infra.conventions import TENANT_LABEL
from policies.core.catalog import all_rules
from policies.core.rule import Rule
from policies.core.settings import PackSettings, load_settings

FILE = Path(__file__).resolve().parents[1] / "infra" / "kubernetes" / "admission_policies.yaml"
API_VERSION = "admissionregistration.k8s.io/v1"
_HEADER = """\
# Written by `python -m policies.admission` from the rules in policies/rules/: do not edit.
# One policy and one binding per rule that the API server can ask; see infra/kubernetes/admission.py.
"""
_KINDS = (
    ("", "v1", ("pods", "pods/ephemeralcontainers")),
    ("apps", "v1", ("deployments", "statefulsets", "daemonsets", "replicasets")),
    ("batch", "v1", ("jobs", "cronjobs")),
)
_POD = (
    "has(object.spec.containers) ? object.spec"
    " : has(object.spec.jobTemplate) ? object.spec.jobTemplate.spec.template.spec"
    " : object.spec.template.spec"
)
_NEW_OR_CHANGED = f"request.operation == 'CREATE' || ({_POD}) != ({_POD.replace('object.', 'oldObject.')})"
_CONTAINERS = (
    "variables.pod.containers + variables.pod.?initContainers.orValue([])"
    " + variables.pod.?ephemeralContainers.orValue([])"
)
_WITH_POD = "[variables.pod].all(p, {expression})"


def admission_policies(rules: Sequence[Rule], settings: PackSettings) -> list[dict[str, Any]]:
    """A policy and a binding for each rule that has an expression, in the order of the rules."""
    return [
        manifest
        for rule in rules
        if rule.cel or rule.cel_pod
        for manifest in (_policy(rule, settings), _binding(rule))
    ]


def policy_name(rule: Rule) -> str:
    """What the API server calls the policy of a rule when it refuses something."""
    return f"groundplan-{rule.id.lower()}"


def _policy(rule: Rule, settings: PackSettings) -> dict[str, Any]:
    return _object(
        rule,
        "ValidatingAdmissionPolicy",
        {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [group],
                        "apiVersions": [version],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": list(resources),
                        # The server's default, in a list that it compares as a whole.
                        "scope": "*",
                    }
                    for group, version, resources in _KINDS
                ]
            },
            "matchConditions": [
                # Taking a finalizer from an object on its way out must not depend on what it was.
                {"name": "not-being-deleted", "expression": "!has(object.metadata.deletionTimestamp)"},
                # Else a new rule would keep what is there already from being scaled down, and replaced.
                {"name": "new-or-changed-pods", "expression": _NEW_OR_CHANGED},
            ],
            "variables": _variables(rule, settings),
            "validations": _validations(rule),
        },
    )


def _binding(rule: Rule) -> dict[str, Any]:
    return _object(
        rule,
        "ValidatingAdmissionPolicyBinding",
        {
            "policyName": policy_name(rule),
            "validationActions": ["Deny", "Audit"],
            "matchResources": {
                "namespaceSelector": {"matchExpressions": [{"key": TENANT_LABEL, "operator": "Exists"}]}
            },
        },
    )


def _object(rule: Rule, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {
        "name": policy_name(rule),
        "labels": {"app.kubernetes.io/part-of": "groundplan", "app.kubernetes.io/managed-by": "pulumi"},
        "annotations": {"groundplan.dev/rule": rule.id},
    }
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def _variables(rule: Rule, settings: PackSettings) -> list[dict[str, str]]:
    """What the expressions use, each before its use."""
    variables = [
        {"name": "pod", "expression": _POD},
        {"name": "containers", "expression": _CONTAINERS},
    ]
    if lists := _settings(f"{rule.cel} {rule.cel_pod}", settings):
        variables.insert(0, {"name": "settings", "expression": lists})
    if rule.cel:
        found = f"variables.containers.filter(c, !({rule.cel})).map(c, c.name)"
        variables.append({"name": "offenders", "expression": f"[variables.pod].map(p, {found})[0]"})
    return variables


def _validations(rule: Rule) -> list[dict[str, str]]:
    text = f"{rule.id}: {rule.title}"
    validations = []
    if rule.cel:
        validations.append(
            {
                "expression": "size(variables.offenders) == 0",
                "messageExpression": f"{json.dumps(f'{text} Containers: ')} + variables.offenders.join(', ')",
                "reason": "Forbidden",
            }
        )
    if rule.cel_pod:
        expression = _WITH_POD.format(expression=rule.cel_pod)
        validations.append({"expression": expression, "message": text, "reason": "Forbidden"})
    return validations


def _settings(expressions: str, settings: PackSettings) -> str:
    """The lists that expressions name, as a map; a text of JSON is one of CEL."""
    lists = {
        key: list(getattr(settings, key))
        for key in sorted(type(settings).model_fields)
        if f"variables.settings.{key}" in expressions
    }
    return json.dumps(lists) if lists else ""


def admission_file() -> str:
    """What the generated file must hold."""
    manifests = admission_policies(all_rules(), load_settings())
    return _HEADER + yaml.safe_dump_all(manifests, sort_keys=False, width=110, explicit_start=True)


def main() -> int:
    """Write the file."""
    FILE.write_text(admission_file(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
