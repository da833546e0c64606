"""Types of a platform that are made in seconds, named by us and numbered by AWS: to be killed."""

from __future__ import annotations

import json

from pulumi import CustomTimeouts, ResourceOptions
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.ec2.eip import Eip
from pulumi_aws.ec2.get_vpc import get_vpc
from pulumi_aws.ec2.launch_template import LaunchTemplate
from pulumi_aws.ec2.route_table import RouteTable
from pulumi_aws.ec2.route_table_association import RouteTableAssociation
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.ec2.subnet import Subnet
from pulumi_aws.ecr.lifecycle_policy import LifecyclePolicy
from pulumi_aws.ecr.repository import Repository
from pulumi_aws.iam.instance_profile import InstanceProfile
from pulumi_aws.iam.policy import Policy
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy
from pulumi_aws.iam.role_policy_attachment import RolePolicyAttachment
from pulumi_aws.kms.alias import Alias
from pulumi_aws.kms.key import Key
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_ownership_controls import BucketOwnershipControls
from pulumi_aws.s3.bucket_public_access_block import BucketPublicAccessBlock
from pulumi_aws.s3.bucket_versioning import BucketVersioning
from pulumi_aws.sns.topic import Topic
from pulumi_aws.vpc.security_group_egress_rule import SecurityGroupEgressRule
from pulumi_aws.vpc.security_group_ingress_rule import SecurityGroupIngressRule

NAME = "crash-trial"


def tags(part: str) -> dict[str, str]:
    """Tags by which each resource is told from the others."""
    return {"Name": f"{NAME}-{part}", "Project": NAME}


def document(*actions: str) -> str:
    """A policy that allows these actions."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service: str) -> str:
    """A trust policy for an AWS service."""
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


key = Key("key", description=f"{NAME} key", deletion_window_in_days=7, tags=tags("key"))
Alias("key", name=f"alias/{NAME}", target_key_id=key.id)

# The provider waits for a bucket that it created, also when it may not look: by default 20 minutes.
bucket = Bucket(
    "bucket",
    bucket=NAME,
    tags=tags("bucket"),
    opts=ResourceOptions(custom_timeouts=CustomTimeouts(create="1m")),
)
BucketVersioning("bucket", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
BucketOwnershipControls("bucket", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"})
BucketPublicAccessBlock("bucket", bucket=bucket.id, block_public_acls=True, block_public_policy=True)

for part in ("training", "serving"):
    LogGroup(part, name=f"/{NAME}/{part}", retention_in_days=30, tags=tags(part))
topic = Topic("alerts", name=f"{NAME}-alerts", tags=tags("alerts"))

role = Role("node", name=f"{NAME}-node", assume_role_policy=trust("ec2"), tags=tags("node"))
pods = Role("pods", name=f"{NAME}-pods", assume_role_policy=trust("ecs-tasks"), tags=tags("pods"))
RolePolicy("node", role=role.name, name="logs", policy=document("logs:PutLogEvents"))
reader = Policy("reader", name=f"{NAME}-reader", policy=document("s3:GetObject"), tags=tags("reader"))
RolePolicyAttachment("pods", role=pods.name, policy_arn=reader.arn)
InstanceProfile("node", name=f"{NAME}-node", role=role.name, tags=tags("profile"))

images = Repository("images", name=f"{NAME}/images", tags=tags("images"))
expire = {
    "rulePriority": 1,
    "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 3},
    "action": {"type": "expire"},
}
LifecyclePolicy("images", repository=images.name, policy=json.dumps({"rules": [expire]}))

network = get_vpc(default=True)
subnet = Subnet("pods", vpc_id=network.id, cidr_block="172.31.240.0/24", tags=tags("subnet"))
table = RouteTable("pods", vpc_id=network.id, tags=tags("routes"))
RouteTableAssociation("pods", subnet_id=subnet.id, route_table_id=table.id)
group = SecurityGroup("pods", name=f"{NAME}-pods", description="pods", vpc_id=network.id, tags=tags("group"))
SecurityGroupIngressRule(
    "pods",
    security_group_id=group.id,
    ip_protocol="tcp",
    from_port=443,
    to_port=443,
    cidr_ipv4="10.0.0.0/8",
    tags=tags("ingress"),
)
SecurityGroupEgressRule(
    "pods", security_group_id=group.id, ip_protocol="-1", cidr_ipv4="0.0.0.0/0", tags=tags("egress")
)
for number in range(2):
    Eip(f"address-{number}", domain="vpc", tags=tags(f"address-{number}"))
LaunchTemplate("node", name=f"{NAME}-node", instance_type="m7i.large", tags=tags("template"))
