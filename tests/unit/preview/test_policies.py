"""What a change does to findings of the pack: both sides are judged, and what differs is said."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from groundplan.audit import pack
from groundplan.errors import ExitCode, GroundplanError
from groundplan.preview.document import Preview, State
from groundplan.preview.policies import NOT_WHOLE, PolicyDelta, policy_delta, why_not_judged

from .previews import URN, preview, step

BUCKET, BLOCK = "aws:s3/bucket:Bucket", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
NODES, SUBNET, ROLE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/subnet:Subnet", "aws:iam/role:Role"

KEY = "aws:kms/key:Key"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ON, OFF = {"enableKeyRotation": True}, {"enableKeyRotation": False}
POD = "kubernetes:core/v1:Pod"


def judged(*steps: dict[str, Any], **sides: dict[str, State]) -> PolicyDelta:
    """What the pack says of a preview of prod."""
    found = policy_delta("prod", Preview.model_validate(preview(*steps)), **sides)
    assert found
    return found


def rules(findings: tuple[Any, ...]) -> set[str]:
    """Ids of rules."""
    return {each.rule for each in findings}


def test_a_rule_that_is_newly_broken() -> None:
    """By rule, resource and message; what is broken on both sides is none of the change's."""
    delta = judged(step("update", KEY, ON, OFF))
    [found] = [each for each in delta.new if each.rule == "KMS-01"]
    assert (found.resource, found.message, found.mandatory) == (
        "kms Key it",
        "enableKeyRotation: rotation is off",
        True,
    )
    assert delta.blocks
    same = judged(step("update", KEY, OFF, {**OFF, "description": "another"}))
    assert "KMS-01" not in rules(same.new)
    assert not same.blocks


def test_a_rule_that_is_kept_again() -> None:
    """Mended, or gone with its resource."""
    assert rules(judged(step("update", KEY, OFF, ON)).fixed) == {"KMS-01"}
    gone = judged(step("delete", KEY, OFF, None), step("same", KEY, ON, ON, name="other"))
    assert "KMS-01" in rules(gone.fixed)


def test_a_value_that_is_not_known_yet() -> None:
    """Neither kept nor broken; only where the base could be judged."""
    unknown = {"enableKeyRotation": UNKNOWN}
    delta = judged(step("update", KEY, ON, unknown))
    assert "KMS-01" in rules(delta.not_evaluated)
    assert "KMS-01" not in rules(delta.new)
    assert "KMS-01" not in rules(judged(step("same", KEY, unknown, unknown)).not_evaluated)


def test_what_takes_the_place_of_a_secret_is_no_text() -> None:
    """`[secret]` in the data of a Secret is not taken for an unmarked one."""
    secret = {"metadata": {"name": "s"}, "data": {"password": "[secret]"}}
    delta = judged(step("create", "kubernetes:core/v1:Secret", None, secret))
    assert "SEC-02" not in rules(delta.new)


def test_objects_that_the_engine_was_not_asked_about() -> None:
    """Recordings of both programs are judged with the rest of the stack."""
    urn = URN.format(type=POD, name="p")

    def pod(*, host: bool) -> dict[str, State]:
        inputs = {
            "metadata": {"namespace": "tenant-a"},
            "spec": {"hostNetwork": host, "containers": [{"name": "c"}]},
        }
        return {urn: State(type=POD, custom=True, inputs=inputs)}

    delta = judged(step("same", KEY, ON, ON), before=pod(host=False), after=pod(host=True))
    assert rules(delta.new) == {"K8S-02"}


def test_a_waived_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It blocks nothing, and says who answers for it."""
    today = dt.datetime.now(dt.UTC).date()
    waiver = {
        "id": "W-001",
        "rule": "KMS-01",
        "resource": URN.format(type=KEY, name="it"),
        "reason": "the vendor's appliance cannot follow a rotation until its next release",
        "owner": "platform-team",
        "approver": "security-team",
        "created": today,
        "expires": today + dt.timedelta(days=30),
    }
    file = tmp_path / "waivers.yaml"
    file.write_text(yaml.safe_dump({"waivers": [waiver]}))
    monkeypatch.setattr(pack, "WAIVERS_FILE", file)
    delta = judged(step("update", KEY, ON, OFF))
    assert rules(delta.waived) == {"KMS-01"}
    assert "W-001, platform-team" in delta.waived[0].message
    assert "KMS-01" not in rules(delta.new)
    file.write_text("waivers: 7")
    with pytest.raises(GroundplanError, match=r"waivers\.yaml") as caught:
        judged(step("update", KEY, ON, OFF))
    assert caught.value.exit_code is ExitCode.CONFIG


def test_a_refused_change_is_not_judged() -> None:
    """The engine stops there: what is missing from the preview would count as missing from the stack."""
    message = "resource cannot be deleted because it is protected"
    refused = {"severity": "error", "message": message, "urn": URN.format(type=KEY, name="it")}
    document = preview(step("delete", KEY, ON, None), diagnostics=[refused])
    assert policy_delta("prod", Preview.model_validate(document)) is None


def blocked_bucket(*, after: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """A bucket that stays the same, and the block of its public access, which one flag of leaves."""
    on = {"bucket": "b", **dict.fromkeys(FLAGS, True)}
    return step("same", BUCKET, {"bucket": "b"}, {"bucket": "b"}), step(
        "update", BLOCK, on, {**on, "blockPublicPolicy": after}
    )


def test_a_resource_that_stays_the_same_is_judged_by_what_changes_beside_it() -> None:
    """The bucket is the subject of the rule; its block is what the change opens."""
    assert rules(judged(*blocked_bucket(after=False)).new) == {"S3-01"}
    assert not judged(*blocked_bucket(after=True)).new


def test_a_new_resource_is_judged_with_what_is_there_already() -> None:
    """Subnets and the role of new nodes are of the stack, though they do not change."""
    new = step("create", NODES, None, {"nodeGroupName": "speech", "subnetIds": ["subnet-1"]})
    new["newState"]["propertyDependencies"] = {
        "subnetIds": [URN.format(type=SUBNET, name="it")],
        "nodeRoleArn": [URN.format(type=ROLE, name="it")],
    }
    same = (step("same", type_, {}, {}) for type_ in (SUBNET, ROLE))
    assert not {"EKS-06", "EKS-14"} & rules(judged(new, *same).new)


def test_a_preview_without_what_stays_the_same_is_not_judged() -> None:
    """Else its rules would find fault with what is only not shown; the reader is told how to write it."""
    _, block = blocked_bucket(after=False)
    part = Preview.model_validate(preview(block, changeSummary={"same": 1, "update": 1}))
    assert (policy_delta("prod", part), why_not_judged(part)) == (None, NOT_WHOLE)
    steps = blocked_bucket(after=False)
    assert why_not_judged(Preview.model_validate(preview(*steps, changeSummary={"same": 1}))) is None


def test_an_object_that_the_preview_leaves_out_is_not_judged() -> None:
    """`--exclude` shows it without properties: that is no Namespace without labels."""
    left_out = step("same", "kubernetes:core/v1:Namespace", {}, {})
    assert not [each for each in judged(left_out).new if each.resource.startswith("core/v1")]
