"""Tests of the dashboards: who opens them, from where, and what they may read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.infra.recording import (
    ACCOUNT_ID,
    Recording,
    dev_config,
    dev_estate,
    dev_settings,
    estate_of,
    guarded_estate,
    prod_estate,
    record,
    run_program,
)

NAME = "groundplan-dev-dashboards"
WORKSPACE = "aws:grafana/workspace:Workspace"
ASSOCIATION = "aws:grafana/roleAssociation:RoleAssociation"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
SETTINGS = dev_settings().platform.operations.dashboards


@pytest.mark.parametrize("estate", [dev_estate, guarded_estate, lambda: estate_of("staging"), prod_estate])
def test_only_the_endpoint_lets_anybody_in(estate: Any) -> None:
    """A workspace without access control answers to the whole internet; lists are of public addresses."""
    recording: Recording = estate()
    workspace = recording.one(WORKSPACE)
    access = workspace.inputs["networkAccessControl"]
    assert access == {"prefixListIds": [], "vpceIds": [f"{workspace.name}-id"]}
    endpoint = recording.one(ENDPOINT, workspace.name).inputs
    assert endpoint["serviceName"].endswith(".grafana-workspace")
    assert (endpoint["vpcEndpointType"], endpoint["privateDnsEnabled"]) == ("Interface", True)


def test_the_endpoint_is_open_to_whom_the_cluster_is() -> None:
    """On one port, where no pod has an address."""
    endpoint = dev_estate().one(ENDPOINT, NAME).inputs
    assert endpoint["subnetIds"] == [f"groundplan-dev-isolated-eu-central-1{zone}-id" for zone in "abc"]
    assert endpoint["securityGroupIds"] == [f"{NAME}-id"]
    rules = [rule.inputs for rule in dev_estate().of(INGRESS) if rule.name.startswith(NAME)]
    ranges = dev_settings().platform.cluster.api_client_ranges
    assert [rule["cidrIpv4"] for rule in rules] == [str(each) for each in ranges]
    assert {(rule["fromPort"], rule["toPort"], rule["ipProtocol"]) for rule in rules} == {(443, 443, "tcp")}


def test_people_log_in_by_identity_center_alone() -> None:
    """With a role of ours, a version that is named, and no plugin that anybody adds."""
    inputs = dev_estate().one(WORKSPACE).inputs
    assert inputs["authenticationProviders"] == ["AWS_SSO"]
    assert (inputs["permissionType"], inputs["accountAccessType"]) == ("CUSTOMER_MANAGED", "CURRENT_ACCOUNT")
    assert inputs["roleArn"] == f"arn:of:aws:iam/role:Role:{NAME}"
    assert inputs["kmsKeyId"] == f"arn:of:aws:kms/key:Key:{NAME}"
    assert inputs["grafanaVersion"] == "12.4"
    assert json.loads(inputs["configuration"])["plugins"] == {"pluginAdminEnabled": False}


def test_each_group_has_its_role() -> None:
    """One association a role; a change makes it anew, for the provider takes nobody out of one."""
    associations = {each.inputs["role"]: each for each in dev_estate().of(ASSOCIATION)}
    assert SETTINGS
    assert {role: each.inputs["groupIds"] for role, each in associations.items()} == {
        "ADMIN": list(SETTINGS.administrators),
        "EDITOR": list(SETTINGS.editors),
        "VIEWER": list(SETTINGS.viewers),
    }
    assert all(not each.inputs.get("userIds") for each in associations.values())
    assert associations["ADMIN"].urn in associations["EDITOR"].dependencies
    assert associations["EDITOR"].urn in associations["VIEWER"].dependencies


def test_a_role_without_groups_has_no_association() -> None:
    """AWS would take it for nothing at all."""
    operations = dev_config()["groundplan:platform"]["operations"]
    operations["dashboards"] |= {"editors": [], "viewers": []}
    estate = record(lambda: run_program(dev_settings(operations=operations)))
    assert [each.inputs["role"] for each in estate.of(ASSOCIATION)] == ["ADMIN"]


def test_its_role_reads_metrics_and_no_more() -> None:
    """Of this environment's store; CloudWatch has nothing to name. No logs, and nothing is written."""
    metrics = dev_estate().one("aws:amp/workspace:Workspace")
    role = dev_estate().one("aws:iam/role:Role", NAME)
    [trust] = role.document("assumeRolePolicy")
    assert trust["Principal"] == {"Service": "grafana.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT_ID}
    statements = dev_estate().one("aws:iam/rolePolicy:RolePolicy", NAME).document()
    by_sid = {each["Sid"]: each for each in statements}
    assert by_sid["ReadMetrics"]["Resource"] == f"arn:of:{metrics.type}:{metrics.name}"
    verbs = {action.partition(":")[2] for each in statements for action in each["Action"]}
    assert all(verb.startswith(("Describe", "Get", "List", "Query")) for verb in verbs)
    services = {action.partition(":")[0] for each in statements for action in each["Action"]}
    assert services == {"aps", "cloudwatch"}


def test_its_key_is_used_through_grafana_only() -> None:
    """Whoever may use it otherwise could read what is encrypted."""
    statements = dev_estate().one("aws:kms/key:Key", NAME).document()
    users = [each for each in statements if "kms:Decrypt" in each["Action"]]
    assert users
    for each in users:
        assert each["Condition"]["StringEquals"]["kms:ViaService"] == "grafana.eu-central-1.amazonaws.com"


def test_what_is_exported() -> None:
    """Where people go, and the name that their DNS has to lead to."""
    exported = dev_estate().result["dashboards"]
    assert exported == {"url": f"https://{NAME}.grafana.example", "private_name": f"{NAME}.vpce.example"}


def test_there_are_none_unless_somebody_may_open_them() -> None:
    """Neither workspace nor endpoint, and nothing is exported."""
    operations = dev_config()["groundplan:platform"]["operations"]
    del operations["dashboards"]
    estate = record(lambda: run_program(dev_settings(operations=operations)))
    assert not [each for each in estate.resources if each.name.startswith(NAME)]
    assert "dashboards" not in estate.result
