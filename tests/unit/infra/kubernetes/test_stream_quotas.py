"""Tests of the keeper of the event stream's quotas."""

from __future__ import annotations

import json
from typing import Any

from ingest.quotas.settings import QuotaSettings

from tests.unit.infra.recording import ACCOUNT_ID, dev_estate, prod_estate

USERS = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/groundplan-prod-"


def _job() -> dict[str, Any]:
    return prod_estate().one("kubernetes:batch/v1:CronJob", "platform-quotas").inputs


def _environment() -> dict[str, str]:
    (container,) = _job()["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["python", "-m", "ingest.quotas"]
    return {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}


def test_quotas_are_kept_by_themselves() -> None:
    """A run every ten minutes, and never two at once."""
    spec = _job()["spec"]
    assert (spec["suspend"], spec["schedule"]) == (False, "*/10 * * * *")
    assert spec["concurrencyPolicy"] == "Forbid"


def test_it_runs_on_nodes_that_are_there_anyway() -> None:
    """A pod every ten minutes must not have Karpenter launch a node each time: it is one of the system's."""
    pod = _job()["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"groundplan.dev/pool": "system"}
    assert pod["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]


def test_each_tenant_has_its_share_of_each_broker() -> None:
    """20,480 KiB/s over six brokers are 3,495,253 bytes per second of each."""
    quotas = json.loads(_environment()["KAFKA_QUOTAS"])
    assert len(quotas) == 6
    assert quotas[f"{USERS}fraud-stream/fraud"] == {
        "producer_byte_rate": 3495253,
        "consumer_byte_rate": 6990506,
        "request_percentage": 100,
    }


def test_the_program_reads_what_the_platform_says() -> None:
    """Its settings take the job's environment, and log in by IAM; users of other roles are left alone."""
    settings = QuotaSettings.from_environment(_environment())
    assert settings.kafka_bootstrap_servers == "b-1.groundplan-prod.example:9098"
    assert settings.kafka_client == {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"}
    assert settings.kafka_user_prefix == USERS
    assert all(user.startswith(USERS) for user in settings.kafka_quotas)
    assert settings.aws_region == "eu-central-1"


def test_its_pods_reach_names_brokers_and_their_credentials_only() -> None:
    """Nothing comes in, and it does not run before the policies are there."""
    policies = prod_estate().of("kubernetes:networking.k8s.io/v1:NetworkPolicy")
    own = {each.inputs["metadata"]["name"]: each for each in policies if each.name.startswith("streaming-")}
    assert sorted(own) == ["allow-aws", "allow-dns", "allow-streaming", "default-deny"]
    _, endpoints, _ = own["allow-aws"].inputs["spec"]["egress"]
    assert len(endpoints["to"]) == 3, "sts answers in the isolated subnets"
    assert {each.urn for each in own.values()} <= prod_estate().one(
        "kubernetes:batch/v1:CronJob", "platform-quotas"
    ).dependencies


def test_there_is_none_where_brokers_have_no_quotas() -> None:
    """MSK Serverless."""
    assert not dev_estate().of("kubernetes:batch/v1:CronJob")[-1].name.startswith("platform-")
    namespaces = {each.name for each in dev_estate().of("kubernetes:core/v1:Namespace")}
    assert "streaming" not in namespaces
