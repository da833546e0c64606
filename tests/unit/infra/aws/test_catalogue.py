"""Tests of the catalogue: whose tables they are, who may query them, and within which limits."""

from __future__ import annotations

import pytest

from tests.unit.infra.recording import ACCOUNT_ID, dev_config, dev_estate, dev_settings, record, run_program

ESTATE = dev_estate()
ZONES = ("curated", "features")
each_zone = pytest.mark.parametrize("zone", ZONES)


@each_zone
def test_a_table_is_an_open_one_below_its_tenants_prefix(zone: str) -> None:
    """Iceberg, in the tenant's database; what writers change later is no difference."""
    table = ESTATE.one("aws:glue/catalogTable:CatalogTable", f"groundplan-dev-vision-{zone}")
    assert table.inputs["databaseName"] == f"groundplan_dev_vision_{zone}"
    assert table.inputs["openTableFormatInput"] == {
        "icebergInput": {"metadataOperation": "CREATE", "version": "2"}
    }
    location = table.inputs["storageDescriptor"]["location"]
    assert location == f"s3://groundplan-dev-{zone}-{ACCOUNT_ID}/vision/tables/digits"
    assert table.ignore_changes == ("parameters", "storageDescriptor")


@each_zone
def test_roles_of_the_tenant_and_nobody_else_are_granted_tables(zone: str) -> None:
    """Scientists and ML engineers read; data engineers also write and create."""
    database, granted = f"groundplan_dev_vision_{zone}", {}
    for grant in ESTATE.of("aws:lakeformation/permissions:Permissions"):
        if grant.inputs.get("table", {}).get("databaseName") == database:
            assert grant.inputs["table"]["wildcard"] is True
            granted[grant.inputs["principal"].rpartition(":")[2]] = grant.inputs["permissions"]
    assert granted == {
        "groundplan-dev-vision-data-scientist": ["DESCRIBE", "SELECT"],
        "groundplan-dev-vision-ml-engineer": ["DESCRIBE", "SELECT"],
        "groundplan-dev-vision-data-engineer": ["ALTER", "DELETE", "DESCRIBE", "INSERT", "SELECT"],
    }


def test_iam_alone_opens_no_new_table() -> None:
    """No default permissions in the account's settings, and databases after them; the reader sees grants."""
    settings = ESTATE.one("aws:lakeformation/dataLakeSettings:DataLakeSettings")
    assert settings.inputs == {
        "admins": [f"arn:aws:iam::{ACCOUNT_ID}:role/groundplan-deployer"],
        "readOnlyAdmins": [f"arn:aws:iam::{ACCOUNT_ID}:role/groundplan-reader"],
    }
    for location in ESTATE.of("aws:lakeformation/resource:Resource"):
        assert settings.urn in location.dependencies
        for database in ESTATE.of("aws:glue/catalogDatabase:CatalogDatabase"):
            assert location.urn in database.dependencies


def test_a_second_environment_leaves_the_accounts_settings_alone() -> None:
    """They exist once per account and region."""
    audit = dev_config()["groundplan:platform"]["audit"] | {"account_services": False}
    estate = record(lambda: run_program(dev_settings(audit=audit)))
    assert not estate.of("aws:lakeformation/dataLakeSettings:DataLakeSettings")
    assert estate.of("aws:glue/catalogDatabase:CatalogDatabase")


def test_lake_formation_reaches_the_table_zones_only() -> None:
    """Its role knows two buckets and one key."""
    policy = ESTATE.one("aws:iam/rolePolicy:RolePolicy", "groundplan-dev-lake-formation").document()
    buckets = {f"arn:aws:s3:::groundplan-dev-{zone}-{ACCOUNT_ID}" for zone in ZONES}
    statements = {statement["Sid"]: statement for statement in policy}
    assert set(statements["ListTables"]["Resource"]) == buckets
    assert set(statements["ChangeTables"]["Resource"]) == {f"{bucket}/*" for bucket in buckets}
    assert statements["UseKeyOfTables"]["Resource"] == "arn:of:aws:kms/key:Key:groundplan-dev-lake"


def test_queries_are_limited_and_their_results_encrypted_and_deleted() -> None:
    """A client cannot choose otherwise; results lie below the tenant's prefix, and go after a while."""
    configuration = ESTATE.one("aws:athena/workgroup:Workgroup").inputs["configuration"]
    assert configuration["enforceWorkgroupConfiguration"] is True
    assert configuration["bytesScannedCutoffPerQuery"] == 100 * 2**30
    results = configuration["resultConfiguration"]
    assert results["outputLocation"] == f"s3://groundplan-dev-query-results-{ACCOUNT_ID}/vision/"
    assert results["expectedBucketOwner"] == ACCOUNT_ID
    assert results["encryptionConfiguration"] == {
        "encryptionOption": "SSE_KMS",
        "kmsKeyArn": "arn:of:aws:kms/key:Key:groundplan-dev-lake",
    }
    rules = ESTATE.one(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "groundplan-dev-query-results"
    ).inputs["rules"]
    assert {"days": 14} in [rule.get("expiration") for rule in rules]
