"""Tests of the registry of schemas."""

from __future__ import annotations

import json

from tests.unit.infra.recording import dev_estate, guarded_estate, prod_estate

REGISTRY, SCHEMA = "aws:glue/registry:Registry", "aws:glue/schema:Schema"
POLICY = "aws:iam/rolePolicy:RolePolicy"


def test_there_is_none_without_schemas() -> None:
    """Neither the registry nor rights to read it."""
    assert not dev_estate().of(REGISTRY)
    assert not [one for one in dev_estate().of(POLICY) if "ReadSchemas" in str(one.inputs["policy"])]


def test_schemas_are_declared_and_stay_compatible() -> None:
    """In the registry of the environment; a version that readers could not read is refused."""
    schema = prod_estate().one(SCHEMA).inputs
    assert schema["schemaName"] == "observations"
    assert schema["registryArn"] == "arn:of:aws:glue/registry:Registry:groundplan-prod"
    assert (schema["dataFormat"], schema["compatibility"]) == ("JSON", "BACKWARD")
    assert json.loads(schema["schemaDefinition"])["required"] == ["entity", "time", "values"]


def test_a_registry_is_guarded_where_data_is_protected() -> None:
    """Without the schema, what is in the stream cannot be read."""
    assert guarded_estate().one(REGISTRY).protect
    assert guarded_estate().one(SCHEMA).protect


def test_only_who_takes_events_in_reads_schemas() -> None:
    """These, and no others of the account."""
    readers = [one for one in guarded_estate().of(POLICY) if "ReadSchemas" in str(one.inputs["policy"])]
    assert [one.name for one in readers] == ["groundplan-dev-vision-ingest"]
    [statement] = [each for each in readers[0].document() if each["Sid"] == "ReadSchemas"]
    assert statement["Resource"] == [
        "arn:of:aws:glue/registry:Registry:groundplan-dev",
        "arn:of:aws:glue/schema:Schema:groundplan-dev-observations",
    ]
    assert all(action.startswith("glue:GetSchema") for action in statement["Action"])
