"""Tests of the database of metadata."""

from __future__ import annotations

from tests.unit.infra.recording import dev_estate, estate_of, guarded_estate

CLUSTER, INSTANCE = "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def test_nobody_knows_the_master_password() -> None:
    """RDS makes, keeps and changes it, under our key; everyday access is by IAM."""
    database = dev_estate().one(CLUSTER).inputs
    assert database["manageMasterUserPassword"] is True
    assert "masterPassword" not in database
    assert database["masterUserSecretKmsKeyId"] == "arn:of:aws:kms/key:Key:groundplan-dev-secrets"
    assert database["iamDatabaseAuthenticationEnabled"] is True


def test_the_password_is_replaced_on_time() -> None:
    """By RDS, by a schedule that the program keeps; taking the schedule away would end rotation."""
    rotation = dev_estate().one("aws:secretsmanager/secretRotation:SecretRotation")
    assert rotation.inputs["secretId"] == "arn:of:secret:groundplan-dev-metadata"
    assert rotation.inputs["rotationRules"] == {"automaticallyAfterDays": 7}
    assert rotation.inputs["rotateImmediately"] is False
    assert rotation.retain_on_delete


def test_there_is_no_other_secret() -> None:
    """Whatever else logs in does so by IAM; a secret of ours would need a function that changes it."""
    for environment in ("dev", "staging", "prod"):
        assert not estate_of(environment).of("aws:secretsmanager/secret:Secret")


def test_the_database_is_encrypted_with_its_own_key() -> None:
    """Storage and performance data alike."""
    key = "arn:of:aws:kms/key:Key:groundplan-dev-metadata"
    database = dev_estate().one(CLUSTER).inputs
    assert (database["storageEncrypted"], database["kmsKeyId"]) == (True, key)
    for instance in dev_estate().of(INSTANCE):
        assert instance.inputs["performanceInsightsKmsKeyId"] == key


def test_the_database_is_private() -> None:
    """In isolated subnets, without a public address, for the addresses of nodes and pods only."""
    subnets = dev_estate().one("aws:rds/subnetGroup:SubnetGroup").inputs["subnetIds"]
    assert len(subnets) == 3
    assert all("isolated" in subnet for subnet in subnets)
    assert not any(instance.inputs["publiclyAccessible"] for instance in dev_estate().of(INSTANCE))
    rules = [rule for rule in dev_estate().of(RULE) if rule.name.startswith("groundplan-dev-metadata-")]
    assert [rule.inputs["fromPort"] for rule in rules] == [5432] * 6


def test_the_database_grows_and_shrinks() -> None:
    """Within the bounds of the settings."""
    assert dev_estate().one(CLUSTER).inputs["serverlessv2ScalingConfiguration"] == {
        "minCapacity": 0.5,
        "maxCapacity": 4,
    }
    assert [instance.inputs["instanceClass"] for instance in dev_estate().of(INSTANCE)] == ["db.serverless"]


def test_its_log_group_is_there_first() -> None:
    """RDS would make one without encryption and retention."""
    database = dev_estate().one(CLUSTER)
    group = dev_estate().one("aws:cloudwatch/logGroup:LogGroup", "groundplan-dev-metadata")
    assert group.urn in database.dependencies
    assert group.inputs["name"] == "/aws/rds/cluster/groundplan-dev-metadata/postgresql"


def test_the_database_is_backed_up() -> None:
    """By the tag that the selection looks for: RDS drops its own backups with it, those in the vault stay."""
    (wanted,) = dev_estate().one("aws:backup/selection:Selection").inputs["selectionTags"]
    assert dev_estate().one(CLUSTER).inputs["tags"][wanted["key"]] == wanted["value"]


def test_the_database_is_guarded_where_data_is_protected() -> None:
    """In production neither Pulumi nor AWS deletes it, and a last snapshot would stay."""
    guarded, free = guarded_estate().one(CLUSTER), dev_estate().one(CLUSTER)
    assert guarded.protect
    assert guarded.inputs["deletionProtection"]
    assert guarded.inputs["finalSnapshotIdentifier"] == "groundplan-dev-metadata-last"
    assert not free.protect
    assert free.inputs["skipFinalSnapshot"]
