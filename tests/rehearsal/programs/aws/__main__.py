"""One resource of each AWS type that a platform begins with: the provider adapter proves itself on it."""

from __future__ import annotations

import json

import pulumi
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.ec2.capacity_reservation import CapacityReservation
from pulumi_aws.ec2.default_security_group import DefaultSecurityGroup
from pulumi_aws.ec2.eip import Eip
from pulumi_aws.ec2.flow_log import FlowLog
from pulumi_aws.ec2.internet_gateway import InternetGateway
from pulumi_aws.ec2.launch_template import LaunchTemplate
from pulumi_aws.ec2.nat_gateway import NatGateway
from pulumi_aws.ec2.route import Route
from pulumi_aws.ec2.route_table import RouteTable
from pulumi_aws.ec2.route_table_association import RouteTableAssociation
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.ec2.subnet import Subnet
from pulumi_aws.ec2.vpc import Vpc
from pulumi_aws.ec2.vpc_endpoint import VpcEndpoint
from pulumi_aws.ecr.lifecycle_policy import LifecyclePolicy
from pulumi_aws.ecr.repository import Repository
from pulumi_aws.eks.access_entry import AccessEntry
from pulumi_aws.eks.access_policy_association import AccessPolicyAssociation
from pulumi_aws.eks.addon import Addon
from pulumi_aws.eks.cluster import Cluster
from pulumi_aws.eks.node_group import NodeGroup
from pulumi_aws.eks.pod_identity_association import PodIdentityAssociation
from pulumi_aws.get_availability_zones import get_availability_zones_output
from pulumi_aws.get_caller_identity import get_caller_identity_output
from pulumi_aws.get_partition import get_partition_output
from pulumi_aws.get_region import get_region_output
from pulumi_aws.iam.get_policy_document import get_policy_document_output
from pulumi_aws.iam.instance_profile import InstanceProfile
from pulumi_aws.iam.open_id_connect_provider import OpenIdConnectProvider
from pulumi_aws.iam.policy import Policy
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy
from pulumi_aws.iam.role_policy_attachment import RolePolicyAttachment
from pulumi_aws.kms.alias import Alias
from pulumi_aws.kms.key import Key
from pulumi_aws.kms.key_policy import KeyPolicy
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_lifecycle_configuration import BucketLifecycleConfiguration
from pulumi_aws.s3.bucket_logging import BucketLogging
from pulumi_aws.s3.bucket_ownership_controls import BucketOwnershipControls
from pulumi_aws.s3.bucket_policy import BucketPolicy
from pulumi_aws.s3.bucket_public_access_block import BucketPublicAccessBlock
from pulumi_aws.s3.bucket_server_side_encryption_configuration import BucketServerSideEncryptionConfiguration
from pulumi_aws.s3.bucket_versioning import BucketVersioning
from pulumi_aws.vpc.security_group_egress_rule import SecurityGroupEgressRule
from pulumi_aws.vpc.security_group_ingress_rule import SecurityGroupIngressRule

NAME = "groundplan-trial"
me = get_caller_identity_output()
partition = get_partition_output().partition
region = get_region_output().region
zones = get_availability_zones_output(state="available").names


def trust(service: str) -> str:
    """A trust policy for an AWS service."""
    action = ["sts:AssumeRole", "sts:TagSession"] if service.startswith("pods") else ["sts:AssumeRole"]
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


# --- keys and buckets ----------------------------------------------------------------------
key = Key(
    "key", description="trial", enable_key_rotation=True, deletion_window_in_days=7, tags={"Name": NAME}
)
Alias("key", name=f"alias/{NAME}", target_key_id=key.id)
root = pulumi.Output.format("arn:{0}:iam::{1}:root", partition, me.account_id)
key_document = get_policy_document_output(
    statements=[  # ty: ignore[invalid-argument-type] - the SDK's types forget Outputs inside statements
        {
            "sid": "Administration",
            "actions": ["kms:*"],
            "resources": ["*"],
            "principals": [{"type": "AWS", "identifiers": [root]}],
        }
    ]
)
KeyPolicy("key", key_id=key.id, policy=key_document.json)

bucket = Bucket(
    "bucket", bucket=pulumi.Output.format("{0}-raw-{1}", NAME, me.account_id), tags={"Name": NAME}
)
log_bucket = Bucket(
    "logs", bucket=pulumi.Output.format("{0}-logs-{1}", NAME, me.account_id), force_destroy=True
)
BucketOwnershipControls("bucket", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"})
block = BucketPublicAccessBlock(
    "bucket",
    bucket=bucket.id,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
)
BucketVersioning("bucket", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
BucketServerSideEncryptionConfiguration(
    "bucket",
    bucket=bucket.id,
    rules=[
        {
            "apply_server_side_encryption_by_default": {
                "sse_algorithm": "aws:kms",
                "kms_master_key_id": key.arn,
            },
            "bucket_key_enabled": True,
        }
    ],
)
BucketLifecycleConfiguration(
    "bucket",
    bucket=bucket.id,
    rules=[
        {
            "id": "old-versions",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "noncurrent_version_expiration": {"noncurrent_days": 30},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        },
        {
            "id": "tiers",
            "status": "Enabled",
            "filter": {"prefix": "a/"},
            "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}],
            "expiration": {"days": 365},
        },
    ],
)
BucketPolicy(
    "bucket",
    bucket=bucket.id,
    policy=bucket.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [arn, f"{arn}/*"],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            }
        )
    ),
    opts=pulumi.ResourceOptions(depends_on=[block]),
)
log_policy = BucketPolicy(
    "logs",
    bucket=log_bucket.id,
    policy=log_bucket.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "logging.s3.amazonaws.com"},
                        "Action": "s3:PutObject",
                        "Resource": f"{arn}/*",
                    }
                ],
            }
        )
    ),
)
BucketLogging(
    "bucket",
    bucket=bucket.id,
    target_bucket=log_bucket.id,
    target_prefix="raw/",
    opts=pulumi.ResourceOptions(depends_on=[log_policy]),
)

# --- network -------------------------------------------------------------------------------
vpc = Vpc(
    "vpc", cidr_block="10.40.0.0/16", enable_dns_hostnames=True, enable_dns_support=True, tags={"Name": NAME}
)
DefaultSecurityGroup("default", vpc_id=vpc.id, ingress=[], egress=[])
subnets = [
    Subnet(f"subnet-{i}", vpc_id=vpc.id, cidr_block=f"10.40.{i}.0/24", availability_zone=zones[i])
    for i in range(3)
]
gateway = InternetGateway("gateway", vpc_id=vpc.id)
address = Eip("nat", domain="vpc")
nat = NatGateway("nat", subnet_id=subnets[0].id, allocation_id=address.id)
table = RouteTable("table", vpc_id=vpc.id, tags={"Name": NAME})
Route("out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat.id)
RouteTableAssociation("table", route_table_id=table.id, subnet_id=subnets[1].id)
VpcEndpoint(
    "s3",
    vpc_id=vpc.id,
    service_name=pulumi.Output.format("com.amazonaws.{0}.s3", region),
    vpc_endpoint_type="Gateway",
    route_table_ids=[table.id],
)
group = SecurityGroup("group", name=NAME, description="trial", vpc_id=vpc.id)
SecurityGroupIngressRule(
    "in", security_group_id=group.id, cidr_ipv4="10.0.0.0/8", ip_protocol="tcp", from_port=443, to_port=443
)
SecurityGroupEgressRule("out", security_group_id=group.id, cidr_ipv4="0.0.0.0/0", ip_protocol="-1")
flow_role = Role("flow", name=f"{NAME}-flow", assume_role_policy=trust("vpc-flow-logs.amazonaws.com"))
flow_group = LogGroup("flow", name=f"/{NAME}/flow", retention_in_days=30)
FlowLog(
    "flow",
    vpc_id=vpc.id,
    traffic_type="ALL",
    iam_role_arn=flow_role.arn,
    log_destination=flow_group.arn,
    max_aggregation_interval=60,
)

# --- identities, images --------------------------------------------------------------------
read = Policy(
    "read",
    name=f"{NAME}-read",
    policy=bucket.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"{arn}/*"}],
            }
        )
    ),
)
pod_role = Role("pod", name=f"{NAME}-pod", assume_role_policy=trust("pods.eks.amazonaws.com"))
RolePolicyAttachment("read", role=pod_role.name, policy_arn=read.arn)
RolePolicy(
    "list",
    role=pod_role.id,
    policy=bucket.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn}],
            }
        )
    ),
)
node_role = Role("node", name=f"{NAME}-node", assume_role_policy=trust("ec2.amazonaws.com"))
InstanceProfile("node", name=f"{NAME}-node", role=node_role.name)
OpenIdConnectProvider(
    "ci", url="https://ci.example.com", client_id_lists=["sts.amazonaws.com"], thumbprint_lists=["a" * 40]
)
repository = Repository(
    "images",
    name=f"{NAME}/training",
    image_tag_mutability="IMMUTABLE",
    image_scanning_configuration={"scan_on_push": True},
    encryption_configurations=[{"encryption_type": "KMS", "kms_key": key.arn}],
)
LifecyclePolicy(
    "images",
    repository=repository.name,
    policy=json.dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "description": "untagged",
                    "selection": {
                        "tagStatus": "untagged",
                        "countType": "sinceImagePushed",
                        "countUnit": "days",
                        "countNumber": 14,
                    },
                    "action": {"type": "expire"},
                }
            ]
        }
    ),
)

# --- cluster -------------------------------------------------------------------------------
cluster_role = Role("cluster", name=f"{NAME}-cluster", assume_role_policy=trust("eks.amazonaws.com"))
cluster_logs = LogGroup("cluster", name=f"/aws/eks/{NAME}/cluster", retention_in_days=30)
cluster = Cluster(
    "cluster",
    name=NAME,
    role_arn=cluster_role.arn,
    version="1.35",
    access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
    vpc_config={
        "subnet_ids": [subnet.id for subnet in subnets],
        "endpoint_private_access": True,
        "endpoint_public_access": False,
        "security_group_ids": [group.id],
    },
    encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
    enabled_cluster_log_types=["api", "audit", "authenticator", "controllerManager", "scheduler"],
    opts=pulumi.ResourceOptions(depends_on=[cluster_logs]),
)
template = LaunchTemplate(
    "nodes",
    name=NAME,
    metadata_options={
        "http_endpoint": "enabled",
        "http_tokens": "required",
        "http_put_response_hop_limit": 1,
    },
    block_device_mappings=[
        {
            "device_name": "/dev/xvda",
            "ebs": {"volume_size": 200, "volume_type": "gp3", "encrypted": "true", "kms_key_id": key.arn},
        }
    ],
    tag_specifications=[{"resource_type": "instance", "tags": {"Name": NAME}}],
)
NodeGroup(
    "gpu",
    cluster_name=cluster.name,
    node_group_name="gpu",
    node_role_arn=node_role.arn,
    subnet_ids=[subnets[0].id],
    instance_types=["g6.12xlarge"],
    ami_type="AL2023_x86_64_NVIDIA",
    capacity_type="ON_DEMAND",
    scaling_config={"desired_size": 1, "min_size": 1, "max_size": 2},
    update_config={"max_unavailable": 1},
    launch_template={"id": template.id, "version": template.latest_version.apply(str)},
    node_repair_config={"enabled": True},
    labels={"groundplan.dev/pool": "gpu"},
    taints=[{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
)
reservation = CapacityReservation(
    "reserved",
    availability_zone=zones[0],
    instance_type="p5.48xlarge",
    instance_platform="Linux/UNIX",
    instance_count=2,
    instance_match_criteria="targeted",
    end_date_type="unlimited",
    tags={"Name": NAME},
)
block_template = LaunchTemplate(
    "block",
    name=f"{NAME}-block",
    instance_type="p5.48xlarge",
    instance_market_options={"market_type": "capacity-block"},
    capacity_reservation_specification={
        "capacity_reservation_target": {"capacity_reservation_id": reservation.id}
    },
)
NodeGroup(
    "block",
    cluster_name=cluster.name,
    node_group_name="block",
    node_role_arn=node_role.arn,
    subnet_ids=[subnets[0].id],
    ami_type="AL2023_x86_64_NVIDIA",
    capacity_type="CAPACITY_BLOCK",
    scaling_config={"desired_size": 0, "min_size": 0, "max_size": 2},
    launch_template={"id": block_template.id, "version": block_template.latest_version.apply(str)},
)
# EKS makes an entry for the role of nodes itself, with the first node group.
admin_role = Role("admin", name=f"{NAME}-admin", assume_role_policy=trust("ec2.amazonaws.com"))
entry = AccessEntry("admin", cluster_name=cluster.name, principal_arn=admin_role.arn, type="STANDARD")
AccessPolicyAssociation(
    "admin",
    cluster_name=cluster.name,
    principal_arn=entry.principal_arn,
    policy_arn=pulumi.Output.format(
        "arn:{0}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", partition
    ),
    access_scope={"type": "cluster"},
)
PodIdentityAssociation(
    "pod",
    cluster_name=cluster.name,
    namespace="tenant-vision",
    service_account="training",
    role_arn=pod_role.arn,
)
Addon("agent", cluster_name=cluster.name, addon_name="eks-pod-identity-agent")

pulumi.export("account", me.account_id)
pulumi.export("region", vpc.region)
pulumi.export("endpoint", cluster.endpoint)
pulumi.export("certificate_authority", cluster.certificate_authority.data)
