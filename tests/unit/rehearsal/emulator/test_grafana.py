"""Workspaces of managed Grafana, which we added to moto."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

SERVICE = f"com.amazonaws.{REGION}.grafana-workspace"
CONFIGURATION = '{"plugins":{"pluginAdminEnabled":false},"unifiedAlerting":{"enabled":true}}'
ONE, TWO = (f"93a4c842-{number}-7090-1a2b-0123456789ab" for number in (1001, 2002))


def _trust(**conditions: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "grafana.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": conditions,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _role(aws: Emulated, name: str, account_id: str = ACCOUNT_ID) -> str:
    """A role that Grafana takes for workspaces of an account."""
    workspaces = f"arn:aws:grafana:{REGION}:{account_id}:/workspaces/*"
    trust = _trust(StringEquals={"aws:SourceAccount": account_id}, ArnLike={"aws:SourceArn": workspaces})
    return aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]


def _endpoint(aws: Emulated, service: str = SERVICE, **more: Any) -> str:
    ec2 = aws.client("ec2")
    vpc_id = ec2.describe_subnets(SubnetIds=aws.subnets[:1])["Subnets"][0]["VpcId"]
    made = ec2.create_vpc_endpoint(
        VpcId=vpc_id, ServiceName=service, VpcEndpointType="Interface", SubnetIds=aws.subnets, **more
    )
    return made["VpcEndpoint"]["VpcEndpointId"]


@pytest.fixture(scope="module")
def asked(aws: Emulated) -> dict[str, Any]:
    """What a workspace is made from; its role, key and endpoint are there."""
    return {
        "workspaceName": "dashboards",
        "accountAccessType": "CURRENT_ACCOUNT",
        "permissionType": "CUSTOMER_MANAGED",
        "authenticationProviders": ["AWS_SSO"],
        "workspaceRoleArn": _role(aws, "dashboards"),
        "grafanaVersion": "12.4",
        "kmsKeyId": aws.client("kms").create_key()["KeyMetadata"]["Arn"],
        "configuration": CONFIGURATION,
        "networkAccessControl": {"prefixListIds": [], "vpceIds": [_endpoint(aws)]},
        "tags": {"Name": "dashboards"},
    }


@pytest.fixture
def workspace(aws: Emulated, asked: dict[str, Any]) -> str:
    """The id of a new workspace."""
    return checked_client(aws, "grafana").create_workspace(**asked)["workspace"]["id"]


def test_a_workspace_is_what_it_was_asked_to_be(aws: Emulated, asked: dict[str, Any]) -> None:
    """Until it is deleted, and then nothing of it is left."""
    client = checked_client(aws, "grafana")
    name = client.create_workspace(**asked)["workspace"]["id"]
    told = client.describe_workspace(workspaceId=name)["workspace"]
    assert (told["status"], told["grafanaVersion"], told["name"]) == ("ACTIVE", "12.4", "dashboards")
    assert told["endpoint"] == f"{name}.grafana-workspace.{REGION}.amazonaws.com"
    for key in ("workspaceRoleArn", "kmsKeyId", "networkAccessControl", "tags", "permissionType"):
        assert told[key] == asked[key]
    assert told["authentication"] == {"providers": ["AWS_SSO"]}
    read = client.describe_workspace_configuration(workspaceId=name)
    assert (read["configuration"], read["grafanaVersion"]) == (CONFIGURATION, "12.4")
    assert client.describe_workspace_authentication(workspaceId=name)["authentication"]["awsSso"]
    assert [one["id"] for one in client.list_workspaces()["workspaces"]] == [name]
    assert left(aws, "grafana") == [f"workspaces/{name}"]
    client.delete_workspace(workspaceId=name)
    assert left(aws, "grafana") == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.describe_workspace(workspaceId=name)


def test_without_a_version_it_is_the_latest(aws: Emulated, asked: dict[str, Any]) -> None:
    """A program that does not say which gets another next year."""
    client = checked_client(aws, "grafana")
    rest = {key: value for key, value in asked.items() if key not in {"grafanaVersion", "configuration"}}
    latest = client.list_versions()["grafanaVersions"][-1]
    assert client.create_workspace(**rest)["workspace"]["grafanaVersion"] == latest


def test_settings_change_one_by_one(aws: Emulated, asked: dict[str, Any], workspace: str) -> None:
    """The others stay; without network access control, it is open to everybody."""
    client = checked_client(aws, "grafana")
    client.update_workspace(workspaceId=workspace, workspaceDescription="other")
    told = client.describe_workspace(workspaceId=workspace)["workspace"]
    assert (told["description"], told["name"]) == ("other", "dashboards")
    assert told["networkAccessControl"] == asked["networkAccessControl"]
    client.update_workspace(workspaceId=workspace, removeNetworkAccessConfiguration=True)
    assert "networkAccessControl" not in client.describe_workspace(workspaceId=workspace)["workspace"]


def test_versions_go_up_and_never_down(aws: Emulated, workspace: str) -> None:
    """An update cannot be taken back."""
    client = checked_client(aws, "grafana")
    [newer] = client.list_versions(workspaceId=workspace)["grafanaVersions"]
    change = {"workspaceId": workspace, "configuration": "{}"}
    client.update_workspace_configuration(**change, grafanaVersion=newer)
    assert client.describe_workspace_configuration(workspaceId=workspace)["configuration"] == "{}"
    assert client.describe_workspace(workspaceId=workspace)["workspace"]["grafanaVersion"] == newer
    for version in ("12.4", "99.9"):
        with pytest.raises(ClientError, match="ValidationException"):
            client.update_workspace_configuration(**change, grafanaVersion=version)


def test_tags(aws: Emulated, workspace: str) -> None:
    """Added and removed later, and part of what is told."""
    client = checked_client(aws, "grafana")
    arn = f"arn:aws:grafana:{REGION}:{ACCOUNT_ID}:/workspaces/{workspace}"
    client.tag_resource(resourceArn=arn, tags={"Owner": "team"})
    client.untag_resource(resourceArn=arn, tagKeys=["Name"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"Owner": "team"}
    assert client.describe_workspace(workspaceId=workspace)["workspace"]["tags"] == {"Owner": "team"}


def _instruction(action: str, role: str, *groups: str) -> dict[str, Any]:
    return {
        "action": action,
        "role": role,
        "users": [{"id": group, "type": "SSO_GROUP"} for group in groups],
    }


def _roles(client: Any, workspace: str) -> dict[str, str]:
    permissions = client.list_permissions(workspaceId=workspace)["permissions"]
    return {each["user"]["id"]: each["role"] for each in permissions}


def test_a_group_has_one_role_until_it_is_taken_away(aws: Emulated, workspace: str) -> None:
    """Whoever is given another loses the first; nothing but a revocation takes one away."""
    client = checked_client(aws, "grafana")

    def change(*instructions: dict[str, Any]) -> list[Any]:
        return client.update_permissions(workspaceId=workspace, updateInstructionBatch=list(instructions))[
            "errors"
        ]

    assert change(_instruction("ADD", "ADMIN", ONE), _instruction("ADD", "VIEWER", TWO)) == []
    assert change(_instruction("ADD", "EDITOR", TWO)) == []
    assert _roles(client, workspace) == {ONE: "ADMIN", TWO: "EDITOR"}
    [error] = change(_instruction("REVOKE", "VIEWER", TWO))
    assert (error["code"], TWO in error["message"]) == (400, True)
    assert change(_instruction("REVOKE", "EDITOR", TWO)) == []
    assert _roles(client, workspace) == {ONE: "ADMIN"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"grafanaVersion": "11.0"}, "11.0 is not one of 9.4, 10.4, 12.4, 13.2"),
        ({"permissionType": "OWNER_MANAGED"}, "is not one of CUSTOMER_MANAGED, SERVICE_MANAGED"),
        ({"workspaceRoleArn": None}, "must be given with CUSTOMER_MANAGED"),
        ({"workspaceRoleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/nobody"}, "role/nobody does not exist"),
        ({"workspaceRoleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/node"}, "does not trust grafana"),
        ({"accountAccessType": "ORGANIZATION"}, "workspaceOrganizationalUnits must be given"),
        ({"kmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/0"}, "key/0 is not there"),
        ({"networkAccessControl": {"vpceIds": []}}, "prefixListIds: missing"),
        ({"networkAccessControl": {"prefixListIds": ["pl-0"], "vpceIds": []}}, "pl-0 does not exist"),
        ({"networkAccessControl": {"prefixListIds": [], "vpceIds": ["vpce-0"]}}, "vpce-0 does not exist"),
        ({"networkAccessControl": {"prefixListIds": [], "vpceIds": ["a"] * 6}}, "At most 5"),
        ({"configuration": '{"plugins": {"pluginAdminEnabled": "no"}}'}, "pluginAdminEnabled"),
        ({"configuration": '{"auth": {"anonymous": true}}'}, "auth.anonymous"),
        ({"configuration": "[]"}, "not an object"),
        ({"workspaceName": "two words"}, "does not match"),
        (
            {"vpcConfiguration": {"subnetIds": ["a", "b"], "securityGroupIds": ["c"]}},
            "no workspaces with connections",
        ),
    ],
)
def test_what_aws_does_not_take(
    aws: Emulated, asked: dict[str, Any], changes: dict[str, Any], why: str
) -> None:
    """Each is refused, and nothing is made."""
    before = left(aws, "grafana")
    wanted = {key: value for key, value in (asked | changes).items() if value is not None}
    with pytest.raises(ClientError, match="ValidationException") as refused:
        checked_client(aws, "grafana").create_workspace(**wanted)
    assert why in refused.value.response["Error"]["Message"]
    assert left(aws, "grafana") == before


def test_an_endpoint_of_another_service_lets_nobody_in(aws: Emulated, asked: dict[str, Any]) -> None:
    """AWS passes over it; here it is refused."""
    other = _endpoint(aws, f"com.amazonaws.{REGION}.grafana")
    access = {"prefixListIds": [], "vpceIds": [other]}
    with pytest.raises(ClientError, match="does not lead to grafana-workspace"):
        checked_client(aws, "grafana").create_workspace(**asked | {"networkAccessControl": access})


def test_a_role_for_workspaces_of_others_is_of_no_use(aws: Emulated, asked: dict[str, Any]) -> None:
    """The conditions of its trust policy are asked about this workspace."""
    theirs = _role(aws, "theirs", "999999999999")
    with pytest.raises(ClientError, match=r"does not trust grafana\.amazonaws\.com for arn:aws:grafana"):
        checked_client(aws, "grafana").create_workspace(**asked | {"workspaceRoleArn": theirs})


def test_a_change_is_checked_like_a_creation(aws: Emulated, workspace: str) -> None:
    """With what stays as it is."""
    client = checked_client(aws, "grafana")
    with pytest.raises(ClientError, match="role/nobody does not exist"):
        client.update_workspace(
            workspaceId=workspace, workspaceRoleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/nobody"
        )
    with pytest.raises(ClientError, match="ValidationException"):
        client.update_workspace_configuration(workspaceId=workspace, configuration="plain text")


def test_groups_without_identity_center(aws: Emulated, asked: dict[str, Any]) -> None:
    """A workspace whose people log in by SAML has their roles from there."""
    client = checked_client(aws, "grafana")
    made = client.create_workspace(**asked | {"authenticationProviders": ["SAML"]})["workspace"]
    batch = [_instruction("ADD", "ADMIN", ONE)]
    with pytest.raises(ClientError, match="does not use AWS_SSO"):
        client.update_permissions(workspaceId=made["id"], updateInstructionBatch=batch)
    assert "awsSso" not in client.describe_workspace_authentication(workspaceId=made["id"])["authentication"]


@pytest.mark.parametrize("instruction", [("ADD", "OWNER", ONE), ("ADD", "ADMIN", "platform-team")])
def test_a_role_or_group_of_another_form(
    aws: Emulated, workspace: str, instruction: tuple[str, str, str]
) -> None:
    """Groups have ids; their names say nothing here."""
    with pytest.raises(ClientError, match="ValidationException"):
        checked_client(aws, "grafana").update_permissions(
            workspaceId=workspace, updateInstructionBatch=[_instruction(*instruction)]
        )


def test_its_endpoint_can_have_no_policy(aws: Emulated) -> None:
    """Neither at first nor later; endpoints of AWS' APIs can."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    with pytest.raises(ClientError, match="only supports the full-access endpoint policy"):
        _endpoint(aws, PolicyDocument=policy)
    with pytest.raises(ClientError, match="only supports the full-access endpoint policy"):
        aws.client("ec2").modify_vpc_endpoint(VpcEndpointId=_endpoint(aws), PolicyDocument=policy)
    aws.client("ec2").modify_vpc_endpoint(
        VpcEndpointId=_endpoint(aws, f"com.amazonaws.{REGION}.sts"), PolicyDocument=policy
    )


def test_policies_of_a_role_are_asked(aws: Emulated, workspace: str) -> None:
    """By the workspace's ARN: whoever may look at one may not change who opens it."""
    iam, arn = aws.client("iam"), f"arn:aws:grafana:{REGION}:{ACCOUNT_ID}:/workspaces/{workspace}"
    actions = ["grafana:DescribeWorkspace", "grafana:ListPermissions"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}, "Action": "sts:*"}
    viewer = iam.create_role(
        RoleName="viewer",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName="viewer", PolicyName="look", PolicyDocument=document)
    client = aws.client("grafana", aws.session_of(viewer))
    assert client.describe_workspace(workspaceId=workspace)["workspace"]["id"] == workspace
    assert client.list_permissions(workspaceId=workspace)["permissions"] == []
    for call in (
        client.list_workspaces,
        lambda: client.update_permissions(workspaceId=workspace, updateInstructionBatch=[]),
        lambda: client.delete_workspace(workspaceId=workspace),
        lambda: client.describe_workspace(workspaceId="g-0123456789"),
    ):
        with pytest.raises(ClientError, match="AccessDeniedException"):
            call()
