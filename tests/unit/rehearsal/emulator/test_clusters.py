"""EKS clusters of the emulator."""

from __future__ import annotations

import base64
import json

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.emulated import DEPLOYER, Emulated


def test_a_cluster_answers_with_the_local_api_server(aws: Emulated) -> None:
    """Endpoint, CA and version are those of the rehearsal, and it is active at once."""
    aws.cluster("answers")
    cluster = aws.client("eks").describe_cluster(name="answers")["cluster"]
    world = aws.emulator.world
    assert cluster["status"] == "ACTIVE"
    assert cluster["version"] == "1.35"
    assert cluster["endpoint"] == world.api_server_url
    assert base64.b64decode(cluster["certificateAuthority"]["data"]) == (world.pki / "ca.crt").read_bytes()


def test_settings_come_back_as_given(aws: Emulated) -> None:
    """Encryption, logging, endpoint access, tags: a second look shows no difference."""
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    encryption = [{"resources": ["secrets"], "provider": {"keyArn": key}}]
    aws.cluster(
        "settings",
        resourcesVpcConfig={
            "subnetIds": aws.subnets,
            "endpointPrivateAccess": True,
            "endpointPublicAccess": False,
        },
        encryptionConfig=encryption,
        logging={"clusterLogging": [{"types": ["audit", "api"], "enabled": True}]},
        tags={"team": "platform"},
    )
    cluster = aws.client("eks").describe_cluster(name="settings")["cluster"]
    assert cluster["encryptionConfig"] == encryption
    assert cluster["logging"]["clusterLogging"][0] == {"types": ["api", "audit"], "enabled": True}
    assert cluster["tags"] == {"team": "platform"}
    network = cluster["resourcesVpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    assert network["subnetIds"] == aws.subnets


def test_logging_creates_the_log_group_as_eks_does(aws: Emulated) -> None:
    """A log group that the program did not make shows up, so that a left-over is seen."""
    aws.cluster("logging", logging={"clusterLogging": [{"types": ["api"], "enabled": True}]})
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/eks/logging/")["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/aws/eks/logging/cluster"]


def test_the_security_group_comes_and_goes_with_the_cluster(aws: Emulated) -> None:
    """EKS' own security group exists in EC2 exactly as long as the cluster."""
    group = aws.cluster("group")["resourcesVpcConfig"]["clusterSecurityGroupId"]
    ec2 = aws.client("ec2")
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    aws.client("eks").delete_cluster(name="group")
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        ec2.describe_security_groups(GroupIds=[group])


def test_the_creator_is_admitted_unless_told_otherwise(aws: Emulated) -> None:
    """With the bootstrap permission the caller gets an entry and the cluster-admin policy."""
    aws.cluster("creator", accessConfig={"authenticationMode": "API"})
    eks = aws.client("eks")
    assert eks.list_access_entries(clusterName="creator")["accessEntries"] == [DEPLOYER]
    policies = eks.list_associated_access_policies(clusterName="creator", principalArn=DEPLOYER)
    assert [item["policyArn"].rpartition("/")[2] for item in policies["associatedAccessPolicies"]] == [
        "AmazonEKSClusterAdminPolicy"
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"version": "1.19"}, "unsupported Kubernetes version 1.19"),
        ({"roleArn": "arn:aws:iam::123456789012:role/nobody"}, "could not be assumed"),
        ({"roleArn": "arn:aws:iam::123456789012:role/node"}, "could not be assumed"),
        ({"resourcesVpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]}}, "does not exist"),
        (
            {
                "encryptionConfig": [
                    {"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:x:1:key/n"}}
                ]
            },
            "keyArn in encryptionConfig",
        ),
        ({"accessConfig": {"authenticationMode": "AP"}}, "is not one of"),
    ],
)
def test_what_aws_refuses_is_refused(aws: Emulated, settings: dict[str, object], message: str) -> None:
    """A wrong parameter is an error of the API, and no cluster comes of it."""
    with pytest.raises(ClientError, match=message):
        aws.cluster("refused", **settings)
    assert "refused" not in aws.client("eks").list_clusters()["clusters"]


def test_subnets_in_one_zone_are_refused(aws: Emulated) -> None:
    """EKS wants two zones."""
    with pytest.raises(ClientError, match="two different AZs"):
        aws.cluster("onezone", resourcesVpcConfig={"subnetIds": aws.subnets[:1]})


def test_updates_take_effect_and_are_remembered(aws: Emulated) -> None:
    """UpdateClusterConfig answers with an update that DescribeUpdate finds, and the cluster has changed."""
    aws.cluster("updated")
    eks = aws.client("eks")
    wanted = {"clusterLogging": [{"types": ["scheduler"], "enabled": True}]}
    update = eks.update_cluster_config(name="updated", logging=wanted)["update"]
    found = eks.describe_update(name="updated", updateId=update["id"])["update"]
    assert (found["status"], found["type"]) == ("Successful", "LoggingUpdate")
    assert json.loads(found["params"][0]["value"]) == wanted
    logging = eks.describe_cluster(name="updated")["cluster"]["logging"]["clusterLogging"]
    assert logging[0] == {"types": ["scheduler"], "enabled": True}


def test_a_protected_cluster_is_not_deleted(aws: Emulated) -> None:
    """Deletion protection holds until it is taken off."""
    aws.cluster("protected", deletionProtection=True)
    eks = aws.client("eks")
    with pytest.raises(ClientError, match="deletion protection"):
        eks.delete_cluster(name="protected")
    eks.update_cluster_config(name="protected", deletionProtection=False)
    eks.delete_cluster(name="protected")
    with pytest.raises(ClientError, match="No cluster found"):
        eks.describe_cluster(name="protected")


def test_an_operation_that_is_missing_says_so(aws: Emulated) -> None:
    """Nothing is silently accepted: the error names the operation."""
    aws.cluster("missing")
    with pytest.raises(ClientError, match="does not have eks:ListInsights"):
        aws.client("eks").list_insights(clusterName="missing")
