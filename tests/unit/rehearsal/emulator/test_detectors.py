"""Services of audit that we added to moto or amended: behaviour, and the shape of each answer."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

STANDARD = f"arn:aws:securityhub:{REGION}::standards/cis-aws-foundations-benchmark/v/3.0.0"


def test_analyzers(aws: Emulated) -> None:
    """Created, tagged, listed and deleted; an unknown one is an error."""
    client = checked_client(aws, "accessanalyzer")
    arn = client.create_analyzer(analyzerName="one", type="ACCOUNT", tags={"a": "b"})["arn"]
    assert client.get_analyzer(analyzerName="one")["analyzer"]["status"] == "ACTIVE"
    client.tag_resource(resourceArn=arn, tags={"c": "d"})
    client.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "d"}
    with pytest.raises(ClientError, match="ConflictException"):
        client.create_analyzer(analyzerName="one", type="ACCOUNT")
    assert left(aws, "accessanalyzer") == ["analyzers/one"]
    client.delete_analyzer(analyzerName="one")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_analyzer(analyzerName="one")
    assert left(aws, "accessanalyzer") == []


def test_features_of_a_detector_are_kept_one_by_one(aws: Emulated) -> None:
    """An update of one feature leaves the others. All but the monitoring of processes are on at first."""
    client = checked_client(aws, "guardduty")
    detector = client.create_detector(Enable=True)["DetectorId"]
    agents = [{"Name": "EKS_ADDON_MANAGEMENT", "Status": "DISABLED"}]
    monitoring = {"Name": "RUNTIME_MONITORING", "Status": "DISABLED", "AdditionalConfiguration": agents}
    for feature in ({"Name": "RDS_LOGIN_EVENTS", "Status": "DISABLED"}, monitoring):
        client.update_detector(DetectorId=detector, Features=[feature])
    found = {one["Name"]: one for one in client.get_detector(DetectorId=detector)["Features"]}
    assert {name for name, one in found.items() if one["Status"] == "ENABLED"} == {
        "CLOUD_TRAIL",
        "DNS_LOGS",
        "FLOW_LOGS",
        "EBS_MALWARE_PROTECTION",
        "EKS_AUDIT_LOGS",
        "LAMBDA_NETWORK_LOGS",
        "S3_DATA_EVENTS",
    }
    assert found["RDS_LOGIN_EVENTS"]["Status"] == "DISABLED"
    assert found["RUNTIME_MONITORING"]["AdditionalConfiguration"] == agents
    assert left(aws, "guardduty") == [f"detectors/{detector}"]
    client.delete_detector(DetectorId=detector)


def test_a_detector_has_tags(aws: Emulated) -> None:
    """Given at its creation, added and removed later: a stack's owner may change."""
    client = checked_client(aws, "guardduty")
    detector = client.create_detector(Enable=True, Tags={"Owner": "one", "a": "b"})["DetectorId"]
    arn = f"arn:aws:guardduty:{REGION}:{ACCOUNT_ID}:detector/{detector}"
    client.tag_resource(ResourceArn=arn, Tags={"Owner": "another"})
    client.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"Owner": "another"}
    assert client.get_detector(DetectorId=detector)["Tags"] == {"Owner": "another"}
    client.delete_detector(DetectorId=detector)


def test_standards_of_security_hub(aws: Emulated) -> None:
    """Subscribed to, listed and ended, and refused where the hub is off."""
    client = checked_client(aws, "securityhub")
    with pytest.raises(ClientError, match="InvalidAccessException"):
        client.get_enabled_standards()
    client.enable_security_hub(EnableDefaultStandards=False)
    client.update_security_hub_configuration(AutoEnableControls=False)
    assert client.describe_hub()["AutoEnableControls"] is False
    wanted = [{"StandardsArn": STANDARD}]
    [made] = client.batch_enable_standards(StandardsSubscriptionRequests=wanted)["StandardsSubscriptions"]
    arn = made["StandardsSubscriptionArn"]
    assert client.get_enabled_standards(StandardsSubscriptionArns=[arn])["StandardsSubscriptions"] == [made]
    assert len(left(aws, "securityhub")) == 2
    client.batch_disable_standards(StandardsSubscriptionArns=[arn])
    assert client.get_enabled_standards()["StandardsSubscriptions"] == []
    client.disable_security_hub()
    assert left(aws, "securityhub") == []


def test_the_recorder_keeps_its_mode(aws: Emulated) -> None:
    """How often it records comes back as given."""
    client = checked_client(aws, "config")
    recorder = {"name": "one", "roleARN": f"arn:aws:iam::{ACCOUNT_ID}:role/config"}
    client.put_configuration_recorder(
        ConfigurationRecorder=recorder | {"recordingMode": {"recordingFrequency": "DAILY"}}
    )
    [found] = client.describe_configuration_recorders()["ConfigurationRecorders"]
    assert found["recordingMode"] == {"recordingFrequency": "DAILY"}
    client.delete_configuration_recorder(ConfigurationRecorderName="one")


def test_a_locked_bucket_stays_versioned(aws: Emulated) -> None:
    """The AWS provider knows the refusal's words, and an empty bucket can be deleted all the same."""
    s3 = aws.client("s3")
    s3.create_bucket(
        Bucket="locked",
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    with pytest.raises(ClientError, match="An Object Lock configuration is present on this bucket"):
        s3.put_bucket_versioning(Bucket="locked", VersioningConfiguration={"Status": "Suspended"})
    s3.delete_bucket(Bucket="locked")
