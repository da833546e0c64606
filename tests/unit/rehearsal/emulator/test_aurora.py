"""Aurora as the AWS provider reads it back."""

from __future__ import annotations

from typing import Any

import pytest
from moto.core.utils import get_service_model

from groundplan.rehearsal.emulator.shapes import problems
from tests.unit.rehearsal.emulator.emulated import Emulated

CLUSTER = {
    "DBClusterIdentifier": "one",
    "Engine": "aurora-postgresql",
    "EngineVersion": "17.5",
    "MasterUsername": "administrator",
    "ManageMasterUserPassword": True,
    "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 4.0},
}
INSTANCE = {
    "DBInstanceIdentifier": "one-0",
    "DBClusterIdentifier": "one",
    "Engine": "aurora-postgresql",
    "DBInstanceClass": "db.serverless",
}


@pytest.fixture(scope="module")
def rds(aws: Emulated) -> Any:
    """A client in an account with one cluster and one instance."""
    client = aws.client("rds")
    client.create_db_cluster(**CLUSTER)
    client.create_db_instance(**INSTANCE, EnablePerformanceInsights=True)
    return client


def test_a_cluster_is_described_as_aurora(rds: Any) -> None:
    """Its kind of storage and its parameters, and no setting of the first serverless."""
    answer = rds.describe_db_clusters(DBClusterIdentifier="one")
    [cluster] = answer["DBClusters"]
    assert cluster["StorageType"] == "aurora"
    assert cluster["DBClusterParameterGroup"] == "default.aurora-postgresql17"
    assert "ScalingConfigurationInfo" not in cluster
    shape = get_service_model("rds").operation_model("DescribeDBClusters").output_shape
    assert shape is not None
    del answer["ResponseMetadata"]
    assert list(problems(shape, answer)) == []


def test_an_instance_tells_of_performance_insights(rds: Any) -> None:
    """Whether they are on, and how long they are kept."""
    answer = rds.describe_db_instances(DBInstanceIdentifier="one-0")
    [instance] = answer["DBInstances"]
    assert instance["PerformanceInsightsEnabled"] is True
    assert instance["PerformanceInsightsRetentionPeriod"] == 7
    shape = get_service_model("rds").operation_model("DescribeDBInstances").output_shape
    assert shape is not None
    del answer["ResponseMetadata"]
    assert list(problems(shape, answer)) == []


def test_the_managed_password_is_changed_each_week(aws: Emulated, rds: Any) -> None:
    """Until another schedule is asked for, which RDS keeps without a function."""
    secrets = aws.client("secretsmanager")
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier="one")["DBClusters"]
    arn = cluster["MasterUserSecret"]["SecretArn"]
    managed = secrets.describe_secret(SecretId=arn)
    assert (managed["OwningService"], managed["RotationEnabled"]) == ("rds", True)
    assert managed["RotationRules"] == {"AutomaticallyAfterDays": 7}
    secrets.rotate_secret(SecretId=arn, RotateImmediately=False, RotationRules={"AutomaticallyAfterDays": 30})
    assert secrets.describe_secret(SecretId=arn)["RotationRules"] == {"AutomaticallyAfterDays": 30}


def test_the_first_serverless_keeps_its_scaling(rds: Any) -> None:
    """Which moto makes up where nothing was asked for."""
    asked = {"DBClusterIdentifier": "old", "Engine": "aurora-postgresql", "EngineMode": "serverless"}
    rds.create_db_cluster(**asked, MasterUsername="administrator", MasterUserPassword="not-a-secret")
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier="old")["DBClusters"]
    assert cluster["ScalingConfigurationInfo"]["MaxCapacity"] == 16
