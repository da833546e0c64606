"""An emulator in the test's own process, without a cluster, and the account that tests put into it."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from moto.backends import get_backend
from moto.s3.models import s3_backends

from groundplan.rehearsal import inventory, pki
from groundplan.rehearsal.emulator.server import Emulator
from groundplan.rehearsal.world import ACCOUNT_ID, Ports, World

REGION = "eu-central-1"
SERVICES = (
    "acm",
    "amp",
    "athena",
    "backup",
    "budgets",
    "ce",
    "cloudfront",
    "cloudwatch",
    "sns",
    "cloudtrail",
    "config",
    "ec2",
    "ecr",
    "elasticache",
    "fsx",
    "glue",
    "guardduty",
    "iam",
    "inspector2",
    "kms",
    "lakeformation",
    "logs",
    "rds",
    "route53",
    "s3",
    "s3control",
    "scheduler",
    "secretsmanager",
    "securityhub",
    "service-quotas",
    "signer",
    "sts",
    "wafv2",
)
"""What moto keeps of the account between two emulators of one process."""

LOCAL = IPv4Address("127.0.0.1")
DEPLOYER = f"arn:aws:iam::{ACCOUNT_ID}:role/groundplan-deployer"
POLICY_PREFIX = "arn:aws:eks::aws:cluster-access-policy/"


@dataclass
class Emulated:
    """A running emulator and who calls it."""

    emulator: Emulator
    credentials: dict[str, str]
    subnets: list[str] = field(default_factory=list)

    def client(
        self,
        service: str,
        credentials: dict[str, str] | None = None,
        endpoint_url: str | None = None,
        region: str = REGION,
    ) -> Any:
        """A boto3 client of the deployer, or of whom the credentials belong to."""
        login = credentials or self.credentials
        # The emulator must find what is wrong, not the client.
        config = Config(
            s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, parameter_validation=False
        )
        client = _session().client(
            service,
            region_name=region,
            aws_access_key_id=login["AccessKeyId"],
            aws_secret_access_key=login["SecretAccessKey"],
            aws_session_token=login["SessionToken"],
            endpoint_url=endpoint_url or self.emulator.api.local_url,
            verify=str(self.emulator.world.certificate_authority),
            config=config,
        )
        inventory.call_s3_control_by_its_address(client)
        return client

    def role(self, name: str, service: str | None = None) -> str:
        """Create a role that an AWS service (or nobody) may assume; returns its ARN."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
        trust = {"Version": "2012-10-17", "Statement": [statement] if service else []}
        answer = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        return answer["Role"]["Arn"]

    def session_of(self, role_arn: str, name: str = "someone") -> dict[str, str]:
        """Credentials of a session of a role."""
        return self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=name)["Credentials"]

    def cluster(self, name: str, **settings: Any) -> dict[str, Any]:
        """Create a cluster in API mode with the least settings; returns its description."""
        arguments = {
            "roleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/cluster",
            "resourcesVpcConfig": {"subnetIds": self.subnets},
            "accessConfig": {
                "authenticationMode": "API",
                "bootstrapClusterCreatorAdminPermissions": False,
            },
        }
        return self.client("eks").create_cluster(name=name, **(arguments | settings))["cluster"]


def world_in(folder: Path) -> World:
    """A world whose ports are picked by the kernel."""
    ports = Ports(emulator=0, emulator_webhook=0, pod_identity=0)
    world = World(id="unit", environment="dev", region=REGION, slot=63, folder=folder, ports=ports)
    world.run.mkdir(parents=True, exist_ok=True)
    pki.ensure(world)
    return world


@cache
def _session() -> boto3.Session:
    """One for all clients: it has read the models of the services before."""
    return boto3.Session()


@contextmanager
def running_emulator(folder: Path) -> Generator[Emulator]:
    """Run an emulator."""
    emulator = Emulator(world_in(folder), address=LOCAL, agent_address=LOCAL)
    emulator.start_serving()
    try:
        yield emulator
    finally:
        emulator.stop()


def fresh_account(emulator: Emulator) -> Emulated:
    """Empty the account; then it holds a VPC with three subnets, and roles of cluster, nodes and pods."""
    for service in SERVICES:
        get_backend(service).clear()  # ty: ignore[no-matching-overload] - too many names for its overloads
    s3_backends.bucket_accounts.clear()  # moto remembers names of buckets apart, also of those that are gone
    emulator.store.clear()
    emulator.api.kafka.clear()
    aws = Emulated(emulator, emulator.create_deployer())
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for index, zone in enumerate("abc"):
        subnet = ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )
        aws.subnets.append(subnet["Subnet"]["SubnetId"])
    aws.role("cluster", "eks.amazonaws.com")
    aws.role("node", "ec2.amazonaws.com")
    aws.role("pod", "pods.eks.amazonaws.com")
    return aws


@contextmanager
def emulated(folder: Path) -> Generator[Emulated]:
    """Run an emulator with a fresh account."""
    with running_emulator(folder) as emulator:
        yield fresh_account(emulator)
