"""Tests of the admission component: it registers what was generated, before any pod."""

from __future__ import annotations

from infra.kubernetes.admission import generated_manifests
from tests.unit.infra.recording import dev_estate

TOKEN = "kubernetes:admissionregistration.k8s.io/v1:"
POLICIES = dev_estate().of(f"{TOKEN}ValidatingAdmissionPolicy")
BINDINGS = dev_estate().of(f"{TOKEN}ValidatingAdmissionPolicyBinding")
(COMPONENT,) = dev_estate().of("groundplan:kubernetes:Admission")


def test_every_manifest_is_registered_as_it_is() -> None:
    """Not a key is lost or renamed on the way: an expression that is missing would refuse nothing."""
    registered = {
        (each.inputs["kind"], each.inputs["metadata"]["name"]): each.inputs for each in (*POLICIES, *BINDINGS)
    }
    assert registered == {
        (manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in generated_manifests()
    }


def test_binding_comes_after_its_policy() -> None:
    """The API server would accept it before, and refuse every pod for want of the policy."""
    policies = {each.inputs["metadata"]["name"]: each.urn for each in POLICIES}
    for binding in BINDINGS:
        assert policies[binding.inputs["spec"]["policyName"]] in binding.property_dependencies["spec"]


def test_policies_are_there_before_any_pod() -> None:
    """Namespaces and workloads wait for all bindings."""
    bindings = {each.urn for each in BINDINGS}
    kinds = {f"groundplan:kubernetes:{kind}" for kind in ("Tenant", "Ingest", "Training", "Inference")}
    components = [each for each in dev_estate().resources if each.type in kinds]
    assert {each.type for each in components} == kinds
    assert bindings
    assert all(bindings <= each.dependencies for each in components)


def test_only_namespaces_of_tenants_are_judged() -> None:
    """By the label that infra/kubernetes/tenant.py gives them; the cluster's own must come up without us."""
    namespace = dev_estate().one("kubernetes:core/v1:Namespace").inputs["metadata"]["labels"]
    for binding in BINDINGS:
        (term,) = binding.inputs["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"]
        assert term == {"key": "groundplan.dev/tenant", "operator": "Exists"}
        assert term["key"] in namespace
