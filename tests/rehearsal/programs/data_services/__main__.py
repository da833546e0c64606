"""The components that hold data beside the lake, in every form, in a network of their own."""

from __future__ import annotations

import pulumi
from pulumi_aws.ec2.subnet import Subnet
from pulumi_aws.ec2.vpc import Vpc

from infra.aws.account import aws_provider, current_account
from infra.aws.audit import trail_name
from infra.aws.data_stores import DataStores, DataStoresArgs, database_log_group
from infra.aws.encryption import Encryption, EncryptionArgs
from infra.aws.streaming import Brokers, Streaming, StreamingArgs, broker_log_group
from infra.planning.topics import Topic

REGION = "eu-central-1"
ENVIRONMENT = "trial"
RANGES = ["10.40.0.0/24", "10.40.1.0/24", "10.40.2.0/24"]

provider = aws_provider(REGION, {"Owner": "trial"})
options = pulumi.ResourceOptions(provider=provider)
keys = Encryption(
    "encryption",
    EncryptionArgs(
        environment=ENVIRONMENT,
        account=current_account(provider, REGION),
        administrators=["groundplan-deployer"],
        log_groups=[broker_log_group(ENVIRONMENT), database_log_group(ENVIRONMENT)],
        file_systems=False,
        elastic_nodes=None,
        volume_driver="volume-driver",
        trail=trail_name(ENVIRONMENT),
        protect=False,
    ),
    options,
).outputs
vpc = Vpc("vpc", cidr_block="10.40.0.0/16", opts=options)
subnet_ids = [
    Subnet(
        f"subnet-{number}",
        vpc_id=vpc.id,
        cidr_block=address_range,
        availability_zone=f"{REGION}{zone}",
        opts=options,
    ).id
    for number, (zone, address_range) in enumerate(zip("abc", RANGES, strict=True))
]


def stream(environment: str, brokers: Brokers | None) -> Streaming:
    """The event stream of one environment."""
    return Streaming(
        f"streaming-{environment}",
        StreamingArgs(
            environment=environment,
            vpc_id=vpc.id,
            subnet_ids=subnet_ids,
            client_ranges=RANGES,
            brokers=brokers,
            protect=False,
        ),
        options,
    )


provisioned = stream(
    ENVIRONMENT,
    Brokers(
        kafka_version="3.9.x.kraft",
        instance_type="kafka.m7g.large",
        count=3,
        volume_gib=pulumi.Config().get_int("volume_gib") or 100,
        partitions=6,
        retention_hours=168,
        key_arn=keys.streaming,
        log_group=broker_log_group(ENVIRONMENT),
        log_retention_days=30,
        logs_key_arn=keys.logs,
        topics=[
            Topic(
                tenant="vision",
                name="vision.digits",
                partitions=pulumi.Config().get_int("partitions") or 6,
                retention_hours=24,
            )
        ],
    ),
)
serverless = stream("small", None)
stores = DataStores(
    "data-stores",
    DataStoresArgs(
        environment=ENVIRONMENT,
        vpc_id=vpc.id,
        subnet_ids=subnet_ids,
        client_ranges=RANGES,
        metadata_key_arn=keys.metadata,
        secrets_key_arn=keys.secrets,
        logs_key_arn=keys.logs,
        engine_version="17.5",
        snapshot=None,
        instances=2,
        min_capacity=0.5,
        max_capacity=4,
        backup_days=7,
        password_rotation_days=7,
        log_retention_days=30,
        protect=False,
    ),
    options,
)
pulumi.export("database", stores.outputs.database_endpoint)
pulumi.export("cluster", provisioned.outputs.arn)
pulumi.export("provisioned", provisioned.outputs.bootstrap_brokers)
pulumi.export("serverless", serverless.outputs.bootstrap_brokers)
