"""Tests of the collector that fills the store of metrics."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
import yaml

from groundplan.rehearsal.emulator.scrape_configurations import problems_in
from infra.aws.metrics_collector import CONFIGURATION_FILE
from infra.conventions import METRICS_PORT, WORKLOAD_LABEL, tenant_namespace
from infra.kubernetes.karpenter_pod import COLLECTED
from tests.unit.infra.recording import Recording, dev_estate, guarded_estate, prod_estate

SCRAPER = "aws:amp/scraper:Scraper"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
NAME = "groundplan-dev-metrics-collector"
GROUP, CLUSTER_GROUP = f"{NAME}-id", "groundplan-dev-nodes"
JOBS = {job["job_name"]: job for job in yaml.safe_load(CONFIGURATION_FILE.read_text())["scrape_configs"]}


@pytest.mark.parametrize("estate", [dev_estate, guarded_estate, prod_estate])
def test_every_store_of_metrics_has_a_collector(estate: Any) -> None:
    """An empty store tells nobody anything."""
    recording: Recording = estate()
    workspace = recording.one("aws:amp/workspace:Workspace")
    inputs = recording.one(SCRAPER).inputs
    assert inputs["destination"] == {"amp": {"workspaceArn": f"arn:of:{workspace.type}:{workspace.name}"}}
    assert inputs["source"]["eks"]["clusterArn"] == f"arn:of:aws:eks/cluster:Cluster:{workspace.name}"


def test_it_stands_where_no_pod_has_an_address() -> None:
    """In the cluster's own subnets, one in each zone: what lets them in lets no pod in."""
    source = dev_estate().one(SCRAPER).inputs["source"]["eks"]
    assert source["subnetIds"] == [f"groundplan-dev-isolated-eu-central-1{zone}-id" for zone in "abc"]
    assert source["securityGroupIds"] == [GROUP]


@pytest.mark.parametrize("port", [443, METRICS_PORT])
def test_it_reaches_the_api_server_and_the_port_of_metrics(port: int) -> None:
    """Each way is open at both ends, and no other is."""
    ways = {
        EGRESS: (GROUP, CLUSTER_GROUP),
        INGRESS: (CLUSTER_GROUP, GROUP),
    }
    for kind, ends in ways.items():
        rules = [rule.inputs for rule in dev_estate().of(kind) if rule.name.startswith(NAME)]
        assert {rule["fromPort"] for rule in rules} == {443, METRICS_PORT}
        [rule] = [rule for rule in rules if rule["fromPort"] == port]
        assert (rule["securityGroupId"], rule["referencedSecurityGroupId"]) == ends
        assert (rule["ipProtocol"], rule["toPort"]) == ("tcp", port)


def test_it_comes_after_its_ways_are_open() -> None:
    """And goes before they are closed: what it cannot reach, it takes for down."""
    rules = {
        rule.urn for kind in (EGRESS, INGRESS) for rule in dev_estate().of(kind) if rule.name.startswith(NAME)
    }
    assert len(rules) == 4
    assert rules <= dev_estate().one(SCRAPER).dependencies


def test_nobody_else_lets_it_into_the_cluster() -> None:
    """EKS refuses entries for a service-linked role; AWS makes this one with the collector."""
    entries = dev_estate().of("aws:eks/accessEntry:AccessEntry")
    assert not [entry for entry in entries if "aws-service-role" in str(entry.inputs["principalArn"])]


def test_aws_takes_the_configuration() -> None:
    """As the program passes it on: plain, for the provider encodes it."""
    passed = dev_estate().one(SCRAPER).inputs["scrapeConfiguration"]
    assert list(problems_in(base64.b64encode(passed.encode()).decode())) == []


@pytest.mark.parametrize("name", JOBS)
def test_each_job_names_what_it_keeps(name: str) -> None:
    """AWS bills by the sample."""
    by_name = [each for each in JOBS[name]["metric_relabel_configs"] if "__name__" in each["source_labels"]]
    assert by_name


def _kept(job: str, source_labels: list[str], value: str) -> bool:
    """Whether the rule about these labels keeps something that has this value in them."""
    rules = [*JOBS[job]["relabel_configs"], *JOBS[job]["metric_relabel_configs"]]
    [rule] = [each for each in rules if each.get("source_labels") == source_labels and "action" in each]
    return bool(re.fullmatch(str(rule["regex"]), value)) == (rule["action"] == "keep")


@pytest.mark.parametrize(
    ("job", "kept", "dropped"),
    [
        ("api-server", "apiserver_request_total", "apiserver_request_duration_seconds_bucket"),
        ("containers", "container_memory_working_set_bytes", "container_tasks_state"),
        ("containers", "container_cpu_cfs_throttled_periods_total", "container_memory_rss"),
        ("model-servers", "nv_inference_request_failure", "nv_pinned_memory_pool_used_bytes"),
        ("model-servers", "nv_gpu_utilization", "nv_cpu_utilization"),
        ("platform-pods", "karpenter_nodepools_usage", "karpenter_nodes_termination_duration_seconds_bucket"),
        ("platform-pods", "karpenter_nodeclaims_created_total", "go_goroutines"),
    ],
)
def test_what_is_kept(job: str, kept: str, dropped: str) -> None:
    """By the name of the metric."""
    assert _kept(job, ["__name__"], kept)
    assert not _kept(job, ["__name__"], dropped)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("container_cpu_usage_seconds_total;server", True),
        ("container_cpu_usage_seconds_total;", False),
        ("container_network_receive_bytes_total;", True),
    ],
)
def test_a_sum_over_containers_is_not_kept_beside_them(value: str, kept: bool) -> None:
    """Whoever adds up what a tenant uses would count it twice."""
    assert _kept("containers", ["__name__", "container"], value) is kept


def test_model_servers_and_annotated_pods_are_found_on_the_open_port() -> None:
    """By the label that all pods of ours have; by the annotation that Karpenter's have."""
    prefix = "__meta_kubernetes_pod_"
    place = [f"{prefix}container_port_number", f"{prefix}phase"]
    label = re.sub(r"\W", "_", WORKLOAD_LABEL)
    assert _kept("model-servers", [f"{prefix}label_{label}", *place], f"inference;{METRICS_PORT};Running")
    [(annotation, value)] = COLLECTED.items()
    found_by = f"{prefix}annotation_{re.sub(r'[^a-z]', '_', annotation)}"
    assert _kept("platform-pods", [found_by, *place], f"{value};{METRICS_PORT};Running")


def test_annotations_of_tenants_count_for_nothing() -> None:
    """Or each could fill the platform's store."""
    assert not _kept("platform-pods", ["__meta_kubernetes_namespace"], tenant_namespace("vision"))
    assert _kept("platform-pods", ["__meta_kubernetes_namespace"], "karpenter")
