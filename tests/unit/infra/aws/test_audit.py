"""Tests of the audit component: records that cannot be removed, and detectors that see the account."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from infra.aws.settings_record import RULES
from infra.settings.audit import ThreatFeature
from tests.unit.infra.recording import (
    ACCOUNT_ID,
    dev_config,
    dev_estate,
    dev_settings,
    guarded_estate,
    record,
)
from tests.unit.infra.recording import run_program as run

BUCKET = f"groundplan-dev-audit-{ACCOUNT_ID}"
SETTINGS_BUCKET = f"groundplan-dev-settings-{ACCOUNT_ID}"


def test_records_are_locked() -> None:
    """The bucket has object lock, with the retention of the settings for every new object."""
    settings = dev_settings().platform.audit
    bucket = dev_estate().one("aws:s3/bucket:Bucket", "groundplan-dev-audit").inputs
    assert (bucket["bucket"], bucket["objectLockEnabled"]) == (BUCKET, True)
    lock = dev_estate().one("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration").inputs
    assert lock["rule"] == {
        "defaultRetention": {"mode": settings.lock_mode, "days": settings.lock_days},
    }


def test_only_our_trail_writes_into_the_bucket() -> None:
    """Both statements for CloudTrail are held by the trail's ARN."""
    policy = dev_estate().one("aws:s3/bucketPolicy:BucketPolicy", "groundplan-dev-audit").document()
    allowed = [statement for statement in policy if statement["Effect"] == "Allow"]
    assert {statement["Sid"] for statement in allowed} == {"CheckByTrail", "WriteByTrail"}
    for statement in allowed:
        source = statement["Condition"]["StringEquals"]["aws:SourceArn"]
        assert source == f"arn:aws:cloudtrail:eu-central-1:{ACCOUNT_ID}:trail/groundplan-dev-audit"


@pytest.mark.parametrize("records", ["audit", "settings"])
def test_access_to_records_is_logged(records: str) -> None:
    """Into the bucket of access logs, once S3 may write there."""
    logging = dev_estate().one("aws:s3/bucketLogging:BucketLogging", f"groundplan-dev-{records}")
    assert logging.inputs["targetBucket"] == f"groundplan-dev-access-logs-{ACCOUNT_ID}"
    assert logging.inputs["targetPrefix"] == f"{records}/"
    delivery = dev_estate().one("aws:s3/bucketPolicy:BucketPolicy", "groundplan-dev-access-logs")
    assert delivery.urn in logging.dependencies
    sources = delivery.document()[-1]["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert f"arn:aws:s3:::groundplan-dev-{records}-{ACCOUNT_ID}" in sources


def test_no_bucket_of_the_account_can_be_public() -> None:
    """All four flags, for buckets that nobody declared here too."""
    block = dev_estate().one("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock").inputs
    flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert [block[flag] for flag in flags] == [True] * len(flags)


def test_the_trail_covers_all_regions_and_the_lake() -> None:
    """Files are validated and encrypted; the lake is watched; the trail's own writes are not."""
    trail = dev_estate().one("aws:cloudtrail/trail:Trail")
    for flag in ("isMultiRegionTrail", "includeGlobalServiceEvents", "enableLogFileValidation"):
        assert trail.inputs[flag] is True
    assert trail.inputs["kmsKeyId"]
    _, lake, own = [selector["fieldSelectors"] for selector in trail.inputs["advancedEventSelectors"]]
    buckets = {arn.split(":::")[1].split("-dev-")[1].split("-")[0] for arn in lake[2]["startsWiths"]}
    assert buckets == {"raw", "curated", "features", "models", "checkpoints", "query", "settings"}
    assert {"field": "readOnly", "equals": ["true"]} in own
    assert own[2]["startsWiths"] == [f"arn:aws:s3:::{BUCKET}/"]
    policy = dev_estate().one("aws:s3/bucketPolicy:BucketPolicy", "groundplan-dev-audit")
    assert policy.urn in trail.dependencies


def test_settings_are_recorded_before_rules_judge_them() -> None:
    """The recorder runs, delivers encrypted into its bucket, and each rule waits for it."""
    channel = dev_estate().one("aws:cfg/deliveryChannel:DeliveryChannel").inputs
    assert channel["s3BucketName"] == SETTINGS_BUCKET
    assert channel["s3KmsKeyArn"]
    started = dev_estate().one("aws:cfg/recorderStatus:RecorderStatus")
    rules = dev_estate().of("aws:cfg/rule:Rule")
    assert {rule.inputs["source"]["sourceIdentifier"] for rule in rules} == set(RULES)
    assert all(started.urn in rule.dependencies for rule in rules)


def test_settings_are_delivered_into_a_bucket_without_lock() -> None:
    """Config supports no other; versions, TLS, our key and the years of the trail's records stay."""
    name, estate = "groundplan-dev-settings", dev_estate()
    assert estate.one("aws:s3/bucket:Bucket", name).inputs["objectLockEnabled"] is False
    locks = estate.of("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert [lock.name for lock in locks] == ["groundplan-dev-audit"]
    versions = estate.one("aws:s3/bucketVersioning:BucketVersioning", name).inputs
    assert versions["versioningConfiguration"] == {"status": "Enabled"}
    (encryption,) = estate.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", name
    ).inputs["rules"]
    key = encryption["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"]
    assert key == estate.one("aws:cfg/deliveryChannel:DeliveryChannel").inputs["s3KmsKeyArn"]
    policy = estate.one("aws:s3/bucketPolicy:BucketPolicy", name).document()
    assert {statement["Effect"] for statement in policy} == {"Deny"}
    ageing = estate.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", name).inputs
    assert {"days": dev_settings().platform.audit.keep_days} in [
        rule["expiration"] for rule in ageing["rules"]
    ]


def test_the_recorder_writes_into_its_bucket_only() -> None:
    """Below its account; no wildcard but that. Nobody else can take the role to it."""
    policy = dev_estate().one("aws:iam/rolePolicy:RolePolicy", "groundplan-dev-settings").document()
    trust = dev_estate().one("aws:iam/role:Role", "groundplan-dev-settings").document("assumeRolePolicy")
    assert trust[0]["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}}
    (write,) = [statement for statement in policy if statement["Sid"] == "WriteRecord"]
    assert write["Resource"] == f"arn:aws:s3:::{SETTINGS_BUCKET}/AWSLogs/{ACCOUNT_ID}/*"
    assert not [action for statement in policy for action in statement["Action"] if "*" in action]


def test_rules_have_the_parameters_that_aws_knows() -> None:
    """As JSON text with string values."""
    for rule in dev_estate().of("aws:cfg/rule:Rule"):
        parameters = json.loads(rule.inputs.get("inputParameters") or "{}")
        assert all(isinstance(value, str) for value in parameters.values())


def test_guardduty_reads_what_the_settings_name_and_nothing_else() -> None:
    """A new detector has nearly all features on: what is not named is switched off, agents too."""
    named = set(dev_settings().platform.audit.threat_features)
    features = dev_estate().of("aws:guardduty/detectorFeature:DetectorFeature")
    found = {one.inputs["name"]: one.inputs for one in features}
    assert set(found) == set(get_args(ThreatFeature))
    assert {name for name, inputs in found.items() if inputs["status"] == "ENABLED"} == named
    agents = found["RUNTIME_MONITORING"]["additionalConfigurations"]
    assert {agent["status"] for agent in agents} == {"DISABLED"}


def test_the_agent_of_guardduty_comes_to_the_nodes_where_it_is_named() -> None:
    """By the add-on of EKS, and not to instances outside of it."""
    audit = dev_config()["groundplan:platform"]["audit"] | {"threat_features": ["RUNTIME_MONITORING"]}
    estate = record(lambda: run(dev_settings(audit=audit)))
    (feature,) = [
        one.inputs
        for one in estate.of("aws:guardduty/detectorFeature:DetectorFeature")
        if one.inputs["status"] == "ENABLED"
    ]
    agents = {agent["name"]: agent["status"] for agent in feature["additionalConfigurations"]}
    assert agents == {
        "EKS_ADDON_MANAGEMENT": "ENABLED",
        "EC2_AGENT_MANAGEMENT": "DISABLED",
        "ECS_FARGATE_AGENT_MANAGEMENT": "DISABLED",
    }


def test_a_second_environment_of_an_account_leaves_its_services_alone() -> None:
    """What exists once per account and region is made by one environment; trail and bucket by each."""
    audit = dev_config()["groundplan:platform"]["audit"] | {"account_services": False}
    estate = record(lambda: run(dev_settings(audit=audit)))
    assert estate.of("aws:cloudtrail/trail:Trail")
    for service in ("guardduty", "securityhub", "cfg", "inspector2", "accessanalyzer"):
        assert not [one for one in estate.resources if one.type.startswith(f"aws:{service}/")]
    assert "groundplan-dev-settings" not in [bucket.name for bucket in estate.of("aws:s3/bucket:Bucket")]
    assert not estate.of("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock")


def test_records_are_guarded_where_data_is_protected() -> None:
    """Neither buckets nor trail can be deleted by Pulumi."""
    for type_, name in (
        ("aws:s3/bucket:Bucket", "groundplan-dev-audit"),
        ("aws:s3/bucket:Bucket", "groundplan-dev-settings"),
        ("aws:cloudtrail/trail:Trail", None),
    ):
        assert guarded_estate().one(type_, name).protect
        assert not dev_estate().one(type_, name).protect
