"""EKS-13: add-ons are pinned, enforce network policies, and are not overwritten."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View, WrongTypeError


def check(addon: Resource, context: Context) -> Iterator[Finding]:
    """A version is named; vpc-cni enforces; outside of dev and staging nothing is overwritten."""
    view = addon.view
    if not view.text("addonVersion"):
        yield Finding(path="addonVersion", message="no version is pinned", key="version")
    in_prod = context.environment not in {"dev", "staging"}
    if in_prod and view.text("resolveConflictsOnUpdate") == "OVERWRITE":
        path = "resolveConflictsOnUpdate"
        yield Finding(path=path, message="an update overwrites what was set in the cluster", key="conflicts")
    if view.text("addonName") == "vpc-cni" and not _enforces(view):
        path = "configurationValues"
        yield Finding(path=path, message="enableNetworkPolicy is not true", key="network policy")


def _enforces(view: View) -> bool:
    text = view.text("configurationValues", "{}")
    try:
        values = json.loads(text)
    except ValueError:
        raise WrongTypeError(view.where("configurationValues"), "a JSON document", text) from None
    return isinstance(values, dict) and str(values.get("enableNetworkPolicy")).lower() == "true"


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Keep what was set in the cluster; versions are decisions."""
    if context.environment in {"dev", "staging"}:
        return dict(properties)
    return {**properties, "resolveConflictsOnUpdate": "PRESERVE"}


RULE = Rule(
    id="EKS-13",
    title=(
        "Add-ons are pinned, the network add-on enforces policies, and updates in prod overwrite nothing."
    ),
    severity=Severity.MEDIUM,
    why=(
        "Without enforcement every NetworkPolicy is a comment; an unpinned add-on changes when "
        "AWS changes it."
    ),
    remediation=(
        "Set addon_version, enableNetworkPolicy 'true' for vpc-cni, and in prod "
        "resolve_conflicts_on_update NONE or PRESERVE."
    ),
    frameworks={
        Framework.CIS_EKS: (
            "4.3.1",
            "5.4.4",
        ),
        Framework.PCI_DSS: ("1.3.1",),
        Framework.NIST: (
            "CM-2",
            "SC-7",
        ),
    },
    equivalents=("prowler:eks_cluster_vpc_cni_network_policy_enforced",),
    enforcement=FROM_STAGING,
    types=("aws:eks/addon:Addon",),
    check=check,
    rewrite=rewrite,
)
