"""Tokens, URNs and failures under pulumi-aws' names."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import any_pb2, struct_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import provider_pb2, status_pb2

from groundplan.rehearsal.providers.aws import bridge_schema, translation
from groundplan.rehearsal.providers.aws.bridge_schema import BridgeSchema
from groundplan.rehearsal.providers.aws.translation import Dictionary, UnknownTokenError

_BUCKET = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_URN = "urn:pulumi:dev::groundplan::groundplan:aws:Lake${}::raw::x"


def _resource(*names: str) -> dict[str, object]:
    return {"properties": {name: {"type": "string"} for name in names}, "inputProperties": {}}


@pytest.fixture
def dictionary(tmp_path: Path) -> Dictionary:
    """A dictionary over a schema of five resources and one function, as the bridge would name them."""
    rules = {"type": "array", "items": {"$ref": "#/types/aws:index/Rule:Rule"}}
    filters = {"type": "array", "items": {"$ref": "#/types/aws:index/Filter:Filter"}}
    file = tmp_path / "schema.db"
    bridge_schema.save(
        {
            "resources": {
                "aws:index/securityGroup:SecurityGroup": _resource("name"),
                "aws:index/s3Bucket:S3Bucket": _resource("bucket"),
                "aws:index/iamOpenidConnectProvider:IamOpenidConnectProvider": _resource("url"),
                "aws:index/ec2Tag:Ec2Tag": _resource("key"),
                "aws:index/s3BucketLifecycleConfiguration:S3BucketLifecycleConfiguration": {
                    "properties": {"bucket": {"type": "string"}, "rules": rules}
                },
            },
            "functions": {
                "aws:index/getIamPolicyDocument:getIamPolicyDocument": {"outputs": _resource("json")}
            },
            "types": {
                "aws:index/Rule:Rule": {"properties": {"id": {"type": "string"}, "filters": filters}},
                "aws:index/Filter:Filter": {"properties": {"prefix": {"type": "string"}}},
            },
            "provider": {"inputProperties": {"region": {"type": "string"}}},
        },
        file,
    )
    return Dictionary(BridgeSchema(file))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("aws:ec2/securityGroup:SecurityGroup", "aws:index/securityGroup:SecurityGroup"),
        ("aws:s3/bucket:Bucket", "aws:index/s3Bucket:S3Bucket"),
        ("aws:s3/bucketV2:BucketV2", "aws:index/s3Bucket:S3Bucket"),
        ("aws:ec2/tag:Tag", "aws:index/ec2Tag:Ec2Tag"),
        (
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
            "aws:index/iamOpenidConnectProvider:IamOpenidConnectProvider",
        ),
    ],
)
def test_tokens_follow_rule_or_table(dictionary: Dictionary, ours: str, theirs: str) -> None:
    """With the module's name, without it, without V2, or by the table."""
    assert dictionary.resource(ours).token == theirs


def test_functions_are_found(dictionary: Dictionary) -> None:
    """Functions follow the same rule."""
    found = dictionary.function("aws:iam/getPolicyDocument:getPolicyDocument")
    assert found.token == "aws:index/getIamPolicyDocument:getIamPolicyDocument"


def test_unknown_token_is_an_error(dictionary: Dictionary) -> None:
    """What the provider does not have is named."""
    with pytest.raises(UnknownTokenError, match="aws:eks/cluster:Cluster"):
        dictionary.resource("aws:eks/cluster:Cluster")


def test_urn_changes_only_its_own_type() -> None:
    """Parents and name stay."""
    urn = _URN.format("aws:s3/bucket:Bucket")
    assert translation.type_of(urn) == "aws:s3/bucket:Bucket"
    bridged = "aws:index/s3Bucket:S3Bucket"
    assert translation.with_type(urn, bridged) == _URN.format(bridged)


def test_diff_is_shown_in_the_programs_names(dictionary: Dictionary) -> None:
    """Paths of a diff name what the program wrote."""
    entry = dictionary.resource(_BUCKET)
    answer = provider_pb2.DiffResponse(diffs=["rules"], replaces=["bucket"], hasDetailedDiff=True)
    answer.detailedDiff["rules[0].filters[0].prefix"].kind = provider_pb2.PropertyDiff.UPDATE
    translation.diff_to_sdk(answer, entry)
    assert list(answer.diffs) == ["rules"]
    assert list(answer.replaces) == ["bucket"]
    assert dict(answer.detailedDiff) == {
        "rules[0].filter.prefix": provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.UPDATE)
    }


def test_half_made_resource_keeps_its_state(dictionary: Dictionary) -> None:
    """The state inside an error's details is translated, or the engine would save the bridge's form."""
    failed = provider_pb2.ErrorResourceInitFailed(id="b", reasons=["timeout"])
    failed.properties.update({"bucket": "b", "rules": [{"id": "r", "filters": [{"prefix": "p"}]}]})
    detail = any_pb2.Any()
    detail.Pack(failed)
    status = status_pb2.Status(code=2, message="timeout", details=[detail])
    changed = translation.details_to_sdk(
        status.SerializeToString(), dictionary.resource(_BUCKET), "eu-central-1"
    )
    restored = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(changed).details[0].Unpack(restored)
    properties = MessageToDict(restored.properties)
    assert properties["rules"][0]["filter"]["prefix"] == "p"
    assert properties["region"] == "eu-central-1"
    assert list(restored.reasons) == ["timeout"]


def test_inputs_that_the_provider_lacks_are_refused(dictionary: Dictionary) -> None:
    """A property is never dropped silently, except the region if it is the one that the provider works in."""
    entry = dictionary.resource(_BUCKET)
    inputs = struct_pb2.Struct()
    inputs.update({"region": "eu-central-1", "transitionDefaultMinimumObjectSize": "all"})
    refused = translation.refused_inputs(inputs, entry, "eu-central-1")
    assert [failure.property for failure in refused] == ["transitionDefaultMinimumObjectSize"]
    elsewhere = translation.refused_inputs(inputs, entry, "us-east-1")
    assert {failure.property for failure in elsewhere} == {"region", "transitionDefaultMinimumObjectSize"}
