"""Athena and Lake Formation as the AWS provider meets them: behaviour, and the shape of each answer."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

ARN = f"arn:aws:athena:{REGION}:{ACCOUNT_ID}:workgroup/one"
RESULTS = {"OutputLocation": "s3://results/a/", "ExpectedBucketOwner": ACCOUNT_ID}


def test_life_of_a_work_group(aws: Emulated) -> None:
    """Created, read, updated in parts, and gone; without tags it has none, rather than an error."""
    client = checked_client(aws, "athena")
    selected = {"SelectedEngineVersion": "Athena engine version 3"}
    client.create_work_group(
        Name="one", Configuration={"EngineVersion": selected, "ResultConfiguration": RESULTS}
    )
    group = client.get_work_group(WorkGroup="one")["WorkGroup"]
    engine = {**selected, "EffectiveEngineVersion": "Athena engine version 3"}
    assert group["Configuration"]["EngineVersion"] == engine
    assert client.list_tags_for_resource(ResourceARN=ARN)["Tags"] == []
    client.update_work_group(
        WorkGroup="one",
        Description="changed",
        ConfigurationUpdates={
            "BytesScannedCutoffPerQuery": 10_000_000,
            "EngineVersion": {"SelectedEngineVersion": "AUTO"},
            "ResultConfigurationUpdates": {
                "OutputLocation": "s3://results/b/",
                "RemoveExpectedBucketOwner": True,
            },
        },
    )
    changed = client.get_work_group(WorkGroup="one")["WorkGroup"]
    assert changed["Description"] == "changed"
    assert changed["Configuration"]["BytesScannedCutoffPerQuery"] == 10_000_000
    assert changed["Configuration"]["EngineVersion"] == {**engine, "SelectedEngineVersion": "AUTO"}
    assert changed["Configuration"]["ResultConfiguration"] == {"OutputLocation": "s3://results/b/"}
    client.update_work_group(WorkGroup="one", ConfigurationUpdates={"RemoveBytesScannedCutoffPerQuery": True})
    unlimited = client.get_work_group(WorkGroup="one")["WorkGroup"]["Configuration"]
    assert "BytesScannedCutoffPerQuery" not in unlimited
    assert "WorkGroups/one" in left(aws, "athena")
    client.delete_work_group(WorkGroup="one")
    with pytest.raises(ClientError, match="WorkGroup one is not found"):
        client.get_work_group(WorkGroup="one")
    assert "WorkGroups/one" not in left(aws, "athena")


def test_permissions_are_revoked_once(aws: Emulated) -> None:
    """Also after two grants were merged; then there is nothing to revoke any more, which is an error."""
    client = checked_client(aws, "lakeformation")
    grant = {
        "Principal": {"DataLakePrincipalIdentifier": aws.role("reader")},
        "Resource": {"Table": {"DatabaseName": "one", "TableWildcard": {}}},
    }
    client.grant_permissions(**grant, Permissions=["SELECT"])
    client.grant_permissions(**grant, Permissions=["DESCRIBE"])
    [found] = client.list_permissions()["PrincipalResourcePermissions"]
    assert sorted(found["Permissions"]) == ["DESCRIBE", "SELECT"]
    assert len(left(aws, "lakeformation")) == 1
    client.revoke_permissions(**grant, Permissions=["SELECT", "DESCRIBE"])
    assert left(aws, "lakeformation") == []
    with pytest.raises(ClientError, match=r"No permissions revoked\. Grantee has no"):
        client.revoke_permissions(**grant, Permissions=["SELECT", "DESCRIBE"])


def test_the_inventory_knows_tables_and_registered_locations(aws: Emulated) -> None:
    """Nothing of the catalogue is left behind unseen."""
    glue, formation = aws.client("glue"), aws.client("lakeformation")
    glue.create_database(DatabaseInput={"Name": "one"})
    glue.create_table(DatabaseName="one", TableInput={"Name": "digits"})
    formation.register_resource(ResourceArn="arn:aws:s3:::one", RoleArn=aws.role("lender"))
    assert left(aws, "glue") == ["Databases/one", "Tables/one/digits"]
    assert left(aws, "lakeformation") == ["Resources/arn:aws:s3:::one"]


def test_a_registry_of_schemas_keeps_its_tags(aws: Emulated) -> None:
    """And the inventory sees it until it is gone."""
    glue = aws.client("glue")
    arn = glue.create_registry(RegistryName="events", Tags={"Owner": "us"})["RegistryArn"]
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"Owner": "us"}
    assert "Registries/events" in left(aws, "glue")
    glue.delete_registry(RegistryId={"RegistryName": "events"})
    assert "Registries/events" not in left(aws, "glue")
