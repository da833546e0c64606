"""What OpenTofu is given of a Pulumi state: the same resources under Terraform's names, by literal values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.tofu_estate import Estate, estate_of
from policies.core.protocol import SECRET, SIGNATURE

URN = "urn:pulumi:prod::groundplan::{type}::{name}"
PROVIDER = URN.format(type="pulumi:providers:aws", name="aws-edge")
TEXT = {"type": "string", "optional": True}


def block(attributes: dict[str, Any], **nested: Any) -> dict[str, Any]:
    """A block of a schema, nested ones as lists."""
    blocks = {name: {"nesting_mode": "list", "block": inner} for name, inner in nested.items()}
    return {"attributes": attributes, "block_types": blocks}


SCHEMA = {
    "provider_schemas": {
        "example.com/hashicorp/aws": {
            "provider": {
                "block": block(
                    {"region": TEXT, "skip_metadata_api_check": TEXT},
                    default_tags=block({"tags": {"type": ["map", "string"], "optional": True}}),
                )
            },
            "resource_schemas": {
                "aws_eks_cluster": {
                    "version": 1,
                    "block": block(
                        {
                            "name": TEXT,
                            "role_arn": {**TEXT, "sensitive": True},
                            "arn": {"type": "string", "computed": True},
                            "id": TEXT,
                            "bootstrap_self_managed_addons": {"type": "bool", "optional": True},
                        },
                        vpc_config=block({"subnet_ids": {"type": ["set", "string"], "optional": True}}),
                        kubernetes_network_config=block({"ip_family": TEXT}),
                    ),
                }
            },
        }
    }
}


@pytest.fixture
def estate() -> Estate:
    """One cluster, made by an explicit provider."""
    provider = {
        "urn": PROVIDER,
        "type": "pulumi:providers:aws",
        "id": "7",
        "custom": True,
        "inputs": {"region": "us-east-1", "defaultTags": '{"tags": {"Owner": "team"}}', "version": "7.0.0"},
    }
    cluster = {
        "urn": URN.format(type="aws:eks/cluster:Cluster", name="groundplan-prod"),
        "type": "aws:eks/cluster:Cluster",
        "id": "cluster",
        "custom": True,
        "provider": f"{PROVIDER}::7",
        "inputs": {
            "name": "cost-${x}",
            "roleArn": {SIGNATURE: SECRET, "plaintext": '"arn:role"'},
            "vpcConfig": {"subnetIds": ["a", "b"], "__defaults": []},
        },
        "outputs": {"name": "cost-${x}", "arn": "arn:cluster", "vpcConfig": {"subnetIds": ["a", "b"]}},
    }
    return estate_of({"deployment": {"resources": [provider, cluster]}}, SCHEMA)


ADDRESS = "aws_eks_cluster.groundplan_prod"


def test_arguments_are_what_the_program_set(estate: Estate) -> None:
    """Under Terraform's names, in its nesting, texts taken literally, nothing computed."""
    assert estate.configuration == {
        ADDRESS: {
            "provider": "aws.aws_edge",
            "name": "cost-$${x}",
            "role_arn": "arn:role",
            "vpc_config": [{"subnet_ids": ["a", "b"]}],
        }
    }


def test_the_state_has_all_that_the_schema_has(estate: Estate) -> None:
    """What is not known is null, a block that is not there an empty list."""
    instance = estate.instances[ADDRESS]
    assert instance["version"] == 1
    assert instance["attributes"] == {
        "name": "cost-${x}",
        "role_arn": "arn:role",
        "arn": "arn:cluster",
        "id": "cluster",
        "bootstrap_self_managed_addons": None,
        "vpc_config": [{"subnet_ids": ["a", "b"]}],
        "kubernetes_network_config": [],
    }
    assert instance["sensitive"] == [[{"type": "get_attr", "value": "role_arn"}]]


def test_providers_keep_their_settings(estate: Estate) -> None:
    """Objects are JSON texts in Pulumi; what is the SDK's own is no setting."""
    assert estate.providers == {
        "aws_edge": {"region": "us-east-1", "default_tags": [{"tags": {"Owner": "team"}}]}
    }


def test_what_is_left_out_is_on_neither_side(estate: Estate, tmp_path: Path) -> None:
    """And is told with its reason; what is left alone is an argument of the life cycle."""
    estate.ignore(ADDRESS, ["name"])
    estate.write_configuration(tmp_path)
    written = json.loads((tmp_path / "main.tf.json").read_text())
    assert written["resource"]["aws_eks_cluster"]["groundplan_prod"]["lifecycle"] == {
        "ignore_changes": ["name"]
    }
    estate.leave_out(ADDRESS, "the account does not know it")
    estate.write_state(tmp_path)
    assert json.loads((tmp_path / "terraform.tfstate").read_text())["resources"] == []
    assert estate.left_out == {ADDRESS: "the account does not know it"}
