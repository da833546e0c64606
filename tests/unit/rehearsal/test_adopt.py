"""What a killed operation had created is found in the account and taken into the state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from groundplan.state.adopt import adopt
from groundplan.state.check import check_stack
from groundplan.state.document import parse
from tests.unit.rehearsal.emulator.emulated import Emulated
from tests.unit.state.backend import KEY, PROVIDER, ROOT, Backend, checkpoint, resources

_TAGS = {"Name": "groundplan-dev-vpc", "Project": "groundplan"}


def _creating(kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::shop::{kind}::wanted"
    resource = {
        "urn": urn,
        "custom": True,
        "type": kind,
        "inputs": inputs,
        "parent": ROOT,
        "provider": f"{PROVIDER}::9c7",
    }
    return {"type": "creating", "resource": resource}


def _interrupted(folder: Path, *pending: dict[str, Any]) -> Backend:
    backend = Backend(folder / "backend")
    backend.bucket.write(KEY, checkpoint(resources()[:2], pending=list(pending)))
    return backend


def _vpc(aws: Emulated, tags: dict[str, str]) -> str:
    listed = [{"Key": name, "Value": value} for name, value in tags.items()]
    specification = {"ResourceType": "vpc", "Tags": listed}
    answer = aws.client("ec2").create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=[specification])
    return answer["Vpc"]["VpcId"]


def test_what_aws_numbers_is_found_by_its_tags(shell: Emulated, tmp_path: Path) -> None:
    """Among others of nearly the same tags; the state is whole afterwards, and nothing is under way."""
    _vpc(shell, {"Name": "groundplan-dev-vpc"})
    wanted = _vpc(shell, _TAGS)
    backend = _interrupted(tmp_path, _creating("aws:ec2/vpc:Vpc", {"tags": _TAGS}))
    [(urn, identifier)] = adopt(backend.location, {}).adopted.items()
    assert identifier == wanted
    verdict = check_stack(backend.location)
    assert verdict.whole
    assert not verdict.pending
    added = parse(verdict.content).resources[-1]
    assert (added["urn"], added["id"], added["outputs"]) == (urn, wanted, {})


def test_everything_that_aws_numbers_is_found(shell: Emulated, tmp_path: Path) -> None:
    """Each kind by its own list; what was deleted since is not."""
    ec2 = shell.client("ec2")

    def tagged(kind: str) -> dict[str, Any]:
        return {"TagSpecifications": [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": kind}]}]}

    vpc = ec2.describe_subnets(SubnetIds=shell.subnets[:1])["Subnets"][0]["VpcId"]
    group = {"GroupName": "found", "Description": "found", "VpcId": vpc}
    group_id = ec2.create_security_group(**group, **tagged("security-group"))["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    rules = ec2.authorize_security_group_ingress(
        GroupId=group_id, IpPermissions=[rule], **tagged("security-group-rule")
    )
    address = ec2.allocate_address(Domain="vpc", **tagged("elastic-ip"))
    table = ec2.create_route_table(VpcId=vpc, **tagged("route-table"))["RouteTable"]["RouteTableId"]
    ec2.delete_route_table(RouteTableId=table)
    wanted = {
        "aws:ec2/securityGroup:SecurityGroup": ("security-group", group_id),
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
            "security-group-rule",
            rules["SecurityGroupRules"][0]["SecurityGroupRuleId"],
        ),
        "aws:ec2/eip:Eip": ("elastic-ip", address["AllocationId"]),
    }
    pending = [_creating(kind, {"tags": {"Name": name}}) for kind, (name, _) in wanted.items()]
    gone = _creating("aws:ec2/routeTable:RouteTable", {"tags": {"Name": "route-table"}})
    adoption = adopt(_interrupted(tmp_path, *pending, gone).location, {})
    assert list(adoption.adopted.values()) == [identifier for _, identifier in wanted.values()]
    assert adoption.cleared == [gone["resource"]["urn"]]
    here = [{"Name": "group-id", "Values": [group_id]}]
    left = ec2.describe_security_group_rules(Filters=here)["SecurityGroupRules"]
    assert [rule["IsEgress"] for rule in left] == [False], "what AWS lets out by itself is taken away"


def test_what_does_not_exist_is_cleared(shell: Emulated, tmp_path: Path) -> None:
    """The creation had not begun, or had failed: `up` creates it."""
    del shell
    pending = _creating("aws:ec2/subnet:Subnet", {"tags": {"Name": "nowhere"}})
    backend = _interrupted(tmp_path, pending)
    adoption = adopt(backend.location, {})
    assert adoption.cleared == [pending["resource"]["urn"]]
    assert not check_stack(backend.location).pending


def test_two_of_the_same_tags_are_left_to_people(shell: Emulated, tmp_path: Path) -> None:
    """Nothing is guessed; a person's answer is taken."""
    first, _ = (_vpc(shell, {"Name": "twin"}) for _ in range(2))
    pending = _creating("aws:ec2/vpc:Vpc", {"tags": {"Name": "twin"}})
    urn = pending["resource"]["urn"]
    backend = _interrupted(tmp_path, pending)
    assert first in adopt(backend.location, {}).unknown[urn]
    assert check_stack(backend.location).pending == [urn]
    assert adopt(backend.location, {urn: first}).adopted == {urn: first}


@pytest.mark.parametrize(
    ("kind", "inputs", "identifier"),
    [
        ("aws:iam/role:Role", {"name": "trainer"}, "trainer"),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "trainer", "name": "lake"}, "trainer:lake"),
        ("aws:s3/bucket:Bucket", {"bucket": "raw"}, "raw"),
        ("aws:s3/bucketVersioning:BucketVersioning", {"bucket": "raw"}, "raw"),
        (
            "aws:ec2/route:Route",
            {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"},
            "rtb-1_0.0.0.0/0",
        ),
        ("aws:iam/policy:Policy", {"name": "reader"}, "arn:aws:iam::123456789012:policy/reader"),
    ],
)
def test_what_has_a_name_is_known_by_it(
    shell: Emulated, tmp_path: Path, kind: str, inputs: dict[str, Any], identifier: str
) -> None:
    """In the form in which the provider imports it; the refresh drops what is not there."""
    del shell
    backend = _interrupted(tmp_path, _creating(kind, inputs))
    assert list(adopt(backend.location, {}).adopted.values()) == [identifier]


def test_what_nobody_can_look_for_stays_noted(shell: Emulated, tmp_path: Path) -> None:
    """Until a person says that there is nothing."""
    del shell
    backend = _interrupted(tmp_path, _creating("aws:backup/selection:Selection", {"planId": "x"}))
    assert adopt(backend.location, {}).unknown
    assert json.loads(backend.state_file.read_text())["checkpoint"]["latest"]["pending_operations"]
    assert adopt(backend.location, {}, clear=True).cleared


def test_kubernetes_objects_are_applied_again(shell: Emulated, tmp_path: Path) -> None:
    """Server-side apply of what is there changes nothing."""
    del shell
    backend = _interrupted(tmp_path, _creating("kubernetes:core/v1:Namespace", {"metadata": {"name": "a"}}))
    assert adopt(backend.location, {}).cleared


def test_what_was_not_finished_is_finished(shell: Emulated, tmp_path: Path) -> None:
    """The provider had still to take away the rule that lets everything out; the rest is a refresh's."""
    ec2 = shell.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=shell.subnets[:1])["Subnets"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="half", Description="half made", VpcId=vpc)["GroupId"]
    half_made = _creating("aws:ec2/securityGroup:SecurityGroup", {"name": "half"})["resource"]
    half_made |= {"id": group, "outputs": {}, "initErrors": ["the security token is expired"]}
    half_made |= {"created": "2026-11-30T10:00:00Z", "modified": "2026-11-30T10:00:00Z"}
    backend = Backend(tmp_path / "backend")
    backend.bucket.write(KEY, checkpoint([*resources()[:2], half_made]))
    adoption = adopt(backend.location, {})
    assert adoption.unfinished == [half_made["urn"]]
    here = [{"Name": "group-id", "Values": [group]}]
    assert not ec2.describe_security_group_rules(Filters=here)["SecurityGroupRules"]


def test_what_an_update_did_not_finish_is_left_to_the_next_one(shell: Emulated, tmp_path: Path) -> None:
    """It was whole once: what it has now may be somebody's."""
    del shell
    changed = _creating("aws:ec2/securityGroup:SecurityGroup", {"name": "whole"})["resource"]
    changed |= {"id": "sg-0f1", "outputs": {}, "initErrors": ["the security token is expired"]}
    changed |= {"created": "2026-11-28T10:00:00Z", "modified": "2026-11-30T10:00:00Z"}
    backend = Backend(tmp_path / "backend")
    backend.bucket.write(KEY, checkpoint([*resources()[:2], changed]))
    assert not adopt(backend.location, {}).unfinished


def test_what_a_preview_would_create_is_taken_where_it_is_seen(shell: Emulated, tmp_path: Path) -> None:
    """By its tags, or by a person's word; a name alone proves nothing."""
    wanted = _vpc(shell, {"Name": "seen"})
    seen = _creating("aws:ec2/vpc:Vpc", {"tags": {"Name": "seen"}})["resource"]
    absent = _creating("aws:ec2/subnet:Subnet", {"tags": {"Name": "nowhere"}})["resource"]
    named = _creating("aws:iam/role:Role", {"name": "trainer"})["resource"]
    told = _creating("aws:backup/plan:Plan", {"name": "daily"})["resource"]
    backend = _interrupted(tmp_path)
    adoption = adopt(backend.location, {told["urn"]: "8f81f553"}, [seen, absent, named, told])
    assert adoption.adopted == {seen["urn"]: wanted, told["urn"]: "8f81f553"}
    assert (adoption.cleared, adoption.unknown) == ([], {})
    verdict = check_stack(backend.location)
    assert verdict.whole
    assert verdict.resources == len(resources()[:2]) + 2


def test_a_preview_does_not_settle_twins_either(shell: Emulated, tmp_path: Path) -> None:
    """A person says which."""
    first, _ = (_vpc(shell, {"Name": "planned twin"}) for _ in range(2))
    planned = _creating("aws:ec2/vpc:Vpc", {"tags": {"Name": "planned twin"}})["resource"]
    backend = _interrupted(tmp_path)
    assert first in adopt(backend.location, {}, [planned]).unknown[planned["urn"]]
    assert adopt(backend.location, {planned["urn"]: first}, [planned]).adopted == {planned["urn"]: first}


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": {"tags": {"Name": "partly"}, "userData": "[secret]"}},
        {"inputs": {"tags": {"Name": "partly"}, "cidrBlock": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}},
        {"parent": "urn:pulumi:dev::shop::groundplan:aws:Network::network"},
        {"dependencies": ["urn:pulumi:dev::shop::aws:ec2/vpc:Vpc::other"]},
    ],
    ids=["a secret", "an unknown", "no parent yet", "no dependency yet"],
)
def test_what_a_preview_cannot_tell_whole_is_not_taken(
    shell: Emulated, tmp_path: Path, change: dict[str, Any]
) -> None:
    """The state would hold a false input, or lack what the resource needs."""
    if not shell.client("ec2").describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["partly"]}])["Vpcs"]:
        _vpc(shell, {"Name": "partly"})
    planned = _creating("aws:ec2/vpc:Vpc", {"tags": {"Name": "partly"}})["resource"] | change
    assert not adopt(_interrupted(tmp_path).location, {}, [planned]).adopted
