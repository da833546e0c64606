"""Services of audit that we added to moto or amended: behaviour, and the shape of each answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from groundplan.rehearsal import inventory
from groundplan.rehearsal.emulator.shapes import problems
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

STANDARD = f"arn:aws:securityhub:{REGION}::standards/cis-aws-foundations-benchmark/v/3.0.0"


class Checked:
    """A client whose every answer is checked against the service model."""

    def __init__(self, aws: Emulated, service: str) -> None:
        self.client = aws.client(service)
        self.client.meta.events.register("after-call", self._check)

    def _check(self, http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        shape = get_service_model(model.service_model.service_name).operation_model(model.name).output_shape
        if http_response.status_code < 300 and shape is not None:
            raw = json.loads(http_response.content or b"{}")
            names = {member.serialization.get("name", name) for name, member in shape.members.items()}
            assert not set(raw) - names, f"{model.name}: {set(raw) - names}"
            body = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
            assert list(problems(shape, body)) == []


def _left(aws: Emulated, service: str) -> list[str]:
    taken = inventory.take(
        aws.emulator.api.local_url, aws.emulator.world.certificate_authority, REGION, aws.credentials
    )
    return taken[service]


def test_analyzers(aws: Emulated) -> None:
    """Created, tagged, listed and deleted; an unknown one is an error."""
    client = Checked(aws, "accessanalyzer").client
    arn = client.create_analyzer(analyzerName="one", type="ACCOUNT", tags={"a": "b"})["arn"]
    assert client.get_analyzer(analyzerName="one")["analyzer"]["status"] == "ACTIVE"
    client.tag_resource(resourceArn=arn, tags={"c": "d"})
    client.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "d"}
    with pytest.raises(ClientError, match="ConflictException"):
        client.create_analyzer(analyzerName="one", type="ACCOUNT")
    assert _left(aws, "accessanalyzer") == ["analyzers/one"]
    client.delete_analyzer(analyzerName="one")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_analyzer(analyzerName="one")
    assert _left(aws, "accessanalyzer") == []


def test_features_of_a_detector_are_kept_one_by_one(aws: Emulated) -> None:
    """An update of one feature leaves the others; foundational sources are always read."""
    client = Checked(aws, "guardduty").client
    detector = client.create_detector(Enable=True)["DetectorId"]
    for name in ("EKS_AUDIT_LOGS", "S3_DATA_EVENTS"):
        client.update_detector(DetectorId=detector, Features=[{"Name": name, "Status": "ENABLED"}])
    found = {
        feature["Name"]: feature["Status"] for feature in client.get_detector(DetectorId=detector)["Features"]
    }
    assert set(found) >= {"EKS_AUDIT_LOGS", "S3_DATA_EVENTS", "CLOUD_TRAIL"}
    assert _left(aws, "guardduty") == [f"detectors/{detector}"]
    client.delete_detector(DetectorId=detector)


def test_standards_of_security_hub(aws: Emulated) -> None:
    """Subscribed to, listed and ended, and refused where the hub is off."""
    client = Checked(aws, "securityhub").client
    with pytest.raises(ClientError, match="InvalidAccessException"):
        client.get_enabled_standards()
    client.enable_security_hub(EnableDefaultStandards=False)
    client.update_security_hub_configuration(AutoEnableControls=False)
    assert client.describe_hub()["AutoEnableControls"] is False
    wanted = [{"StandardsArn": STANDARD}]
    [made] = client.batch_enable_standards(StandardsSubscriptionRequests=wanted)["StandardsSubscriptions"]
    arn = made["StandardsSubscriptionArn"]
    assert client.get_enabled_standards(StandardsSubscriptionArns=[arn])["StandardsSubscriptions"] == [made]
    assert len(_left(aws, "securityhub")) == 2
    client.batch_disable_standards(StandardsSubscriptionArns=[arn])
    assert client.get_enabled_standards()["StandardsSubscriptions"] == []
    client.disable_security_hub()
    assert _left(aws, "securityhub") == []


def test_the_recorder_keeps_its_mode(aws: Emulated) -> None:
    """How often it records comes back as given."""
    client = Checked(aws, "config").client
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
