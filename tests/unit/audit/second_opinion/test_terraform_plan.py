"""The conversion: names, nesting, references, and what stays out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from groundplan.audit.second_opinion import state
from groundplan.audit.second_opinion.terraform_plan import TerraformPlan, convert

from .states import resource
from .states import state as state_of

BUCKET, ENCRYPTION = (
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
)
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def plan_of(*entries: dict[str, Any]) -> TerraformPlan:
    """The plan of a state of these entries."""
    return convert(state.resources(state_of(*entries)))


def values(plan: TerraformPlan) -> Mapping[str, Any]:
    """Planned values of its only resource."""
    (found,) = plan.document["planned_values"]["root_module"]["resources"]
    return found["values"]


def one(token: str, **inputs: Any) -> Mapping[str, Any]:
    """Planned values of one resource."""
    return values(plan_of(resource(token, "x", inputs=inputs)))


def test_names_and_nesting_are_terraforms() -> None:
    """A plural becomes singular, one object becomes a list of one, at every depth."""
    found = one(
        ENCRYPTION,
        bucket="b",
        rules=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k"}}],
    )
    assert found["rule"] == [
        {"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms", "kms_master_key_id": "k"}]}
    ]


def test_type_that_follows_no_rule() -> None:
    """`cfg/recorder` is `aws_config_configuration_recorder`."""
    plan = plan_of(resource("aws:cfg/recorder:Recorder", "r"))
    assert list(plan.urns) == ["aws_config_configuration_recorder.r"]


def test_type_outside_the_table_is_named_by_the_rule() -> None:
    """It is shown to the auditor, with names in Terraform's spelling."""
    plan = plan_of(resource("aws:sqs/queue:Queue", "q", inputs={"kmsMasterKeyId": "k"}))
    assert list(plan.urns) == ["aws_sqs_queue.q"]
    assert values(plan)["kms_master_key_id"] == "k"


def test_free_keys_stay() -> None:
    """Tags are not properties."""
    assert one(BUCKET, tags={"DataClass": "raw"})["tags"] == {"DataClass": "raw"}


def test_documents_stay_texts() -> None:
    """IAM documents are JSON texts in a plan, too."""
    document = json.dumps({"Statement": []})
    assert one("aws:iam/policy:Policy", policy=document)["policy"] == document


def test_what_is_not_set_is_left_out() -> None:
    """Null, an empty text and a block of which there is none say nothing; an empty list of values does."""
    found = one(BUCKET, bucket="b", bucketPrefix="", policy=None, corsRules=[], forceDestroy=False)
    assert found == {"bucket": "b", "force_destroy": False, "id": "x-id"}
    assert one("aws:ec2/vpcEndpoint:VpcEndpoint", subnetIds=[])["subnet_ids"] == []


def test_unknown_values_are_unknown_after() -> None:
    """They are neither values nor missing."""
    plan = plan_of(
        resource(BUCKET, "b", id=None, inputs={"bucket": UNKNOWN, "tags": {"a": UNKNOWN, "b": "c"}})
    )
    (change,) = plan.document["resource_changes"]
    assert change["change"]["after_unknown"] == {"bucket": True}
    assert change["change"]["after"] == {"tags": {"b": "c"}}


def test_references_come_from_property_dependencies() -> None:
    """An auditor joins resources by address; what the value is of the other is told, too."""
    bucket = resource(BUCKET, "b", outputs={"bucket": "lake", "arn": "arn:lake"})
    plan = plan_of(
        bucket,
        resource(
            ENCRYPTION,
            "e",
            inputs={"bucket": "lake", "rules": [{"bucketKeyEnabled": True}]},
            propertyDependencies={"bucket": [bucket["urn"]], "rules": ["urn:of::another::world::x"]},
        ),
    )
    _, configured = plan.document["configuration"]["root_module"]["resources"]
    assert configured["expressions"] == {
        "bucket": {"references": ["aws_s3_bucket.b.bucket", "aws_s3_bucket.b"]}
    }


def test_addresses_are_distinct_and_lead_back() -> None:
    """Names that Terraform does not allow are rewritten, and two of them stay two."""
    first = resource(BUCKET, "a.b")
    second = resource(BUCKET, "a/b") | {"urn": f"urn:pulumi:prod::groundplan::{BUCKET}::a/b"}
    plan = plan_of(first, second)
    assert plan.urns == {"aws_s3_bucket.a_b": first["urn"], "aws_s3_bucket.a_b_2": second["urn"]}


def test_sensitive_attributes_are_hidden() -> None:
    """What Terraform would not show is not shown, even where Pulumi did not know it for a secret."""
    assert one("aws:rds/cluster:Cluster", masterPassword="canary")["master_password"] == "(secret)"


def test_what_nobody_audits_is_named() -> None:
    """A resource of a third provider is counted, not dropped."""
    other = resource("random:index/randomId:RandomId", "r")
    assert plan_of(other).not_converted == (other["urn"],)
    assert plan_of(resource("kubernetes:core/v1:Pod", "p")).not_converted == ()
