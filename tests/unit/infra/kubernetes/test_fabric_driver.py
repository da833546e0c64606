"""Tests of adapters between nodes: who hands them out, who claims how many, and that NCCL uses them."""

from __future__ import annotations

from typing import Any

from infra.planning.fabric import interfaces_for
from tests.unit.infra.recording import dev_estate, prod_estate

EFA = "efa.networking.k8s.aws"
QUOTA = f"{EFA}.deviceclass.resource.k8s.io/devices"
CLAIM = "kubernetes:resource.k8s.io/v1:ResourceClaimTemplate"
DAEMONS = "kubernetes:apps/v1:DaemonSet"


def _pod(tenant: str) -> dict[str, Any]:
    job = prod_estate().one("kubernetes:batch/v1:CronJob", f"{tenant}-training").inputs
    return job["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def _environment(tenant: str) -> dict[str, str]:
    (container,) = _pod(tenant)["containers"]
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


def test_the_driver_runs_where_adapters_are() -> None:
    """On nodes of pools with EFA, whatever taints they have; where no pool has it, there is no driver."""
    spec = prod_estate().one(DAEMONS, "dranet").inputs["spec"]["template"]["spec"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert term["matchExpressions"] == [
        {"key": "groundplan.dev/pool", "operator": "In", "values": ["training"]}
    ]
    assert {"key": "nvidia.com/gpu", "operator": "Exists"} in spec["tolerations"]
    assert not dev_estate().of(DAEMONS)
    assert not dev_estate().of(CLAIM)


def test_the_driver_has_no_privileges() -> None:
    """Root by name, for the sockets' sake, without any of its rights; its image is named by digest."""
    (container,) = prod_estate().one(DAEMONS, "dranet").inputs["spec"]["template"]["spec"]["containers"]
    security = container["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["allowPrivilegeEscalation"] is False
    assert "privileged" not in security
    assert "@sha256:" in container["image"]


def test_pods_claim_the_adapters_of_their_gpus() -> None:
    """All 4 of a p4d.24xlarge for all of its 8 GPUs, each pod its own."""
    (template,) = prod_estate().of(CLAIM)
    (request,) = template.inputs["spec"]["spec"]["devices"]["requests"]
    assert request["exactly"] == {"deviceClassName": EFA, "allocationMode": "ExactCount", "count": 4}
    pod = _pod("research")
    (claim,) = pod["resourceClaims"]
    assert claim["resourceClaimTemplateName"] == template.inputs["metadata"]["name"]
    (container,) = pod["containers"]
    assert container["resources"]["claims"] == [{"name": claim["name"]}]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "8"
    assert pod["nodeSelector"] == {"groundplan.dev/pool": "training"}


def test_a_run_over_adapters_never_falls_back_to_tcp() -> None:
    """NCCL has to find the network of this name; runs of others choose for themselves."""
    environment = _environment("research")
    assert environment["NCCL_NET"] == "Libfabric"
    assert environment["EFA_INTERFACES"] == "4"
    assert not {"NCCL_NET", "EFA_INTERFACES"} & set(_environment("vision"))
    assert "resourceClaims" not in _pod("vision")


def test_nobody_claims_the_adapters_of_others() -> None:
    """A tenant may claim what a run of its takes: none, where it trains without."""
    quotas = {
        quota.name: quota.inputs["spec"]["hard"][QUOTA]
        for quota in prod_estate().of("kubernetes:core/v1:ResourceQuota")
        if QUOTA in quota.inputs["spec"]["hard"]
    }
    assert quotas.pop("research-quota") == str(8 * 4)
    assert set(quotas.values()) == {"0"}


def test_the_share_of_a_pod() -> None:
    """As many of a node's adapters as it has of its GPUs, if that is a whole number."""
    assert [interfaces_for("p5.48xlarge", gpus) for gpus in (1, 8)] == [4, 32]
    assert [interfaces_for("g6.12xlarge", gpus) for gpus in (1, 4)] == [None, 1]
