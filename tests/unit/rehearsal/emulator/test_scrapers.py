"""Managed collectors of metrics, which we added to moto."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from groundplan.rehearsal.emulator.deployer_record import PROVIDER
from infra.aws.metrics_collector import CONFIGURATION_FILE
from tests.unit.rehearsal.emulator.checked import checked_client, left
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, POLICY_PREFIX, REGION, Emulated

CONFIGURATION = {"configurationBlob": CONFIGURATION_FILE.read_bytes()}
JOB = b"scrape_configs: [{job_name: pods, kubernetes_sd_configs: [{role: pod}]%s}]"


@pytest.fixture(scope="module")
def asked(aws: Emulated) -> dict[str, Any]:
    """What a collector of a cluster is made from; the cluster and the workspace are there."""
    cluster = aws.cluster("one", resourcesVpcConfig={"subnetIds": aws.subnets, "endpointPrivateAccess": True})
    workspace = aws.client("amp").create_workspace(alias="metrics")
    return {
        "alias": "metrics",
        "source": {"eksConfiguration": {"clusterArn": cluster["arn"], "subnetIds": aws.subnets[:2]}},
        "destination": {"ampConfiguration": {"workspaceArn": workspace["arn"]}},
        "scrapeConfiguration": CONFIGURATION,
        "tags": {"Name": "metrics"},
    }


def _entries(aws: Emulated) -> list[str]:
    """Whom the access policy of collectors lets into the cluster."""
    policy = POLICY_PREFIX + "AmazonPrometheusScraperPolicy"
    return aws.client("eks").list_access_entries(clusterName="one", associatedPolicyArn=policy)[
        "accessEntries"
    ]


def _interfaces(aws: Emulated) -> list[Any]:
    return aws.client("ec2").describe_network_interfaces(
        Filters=[{"Name": "tag-key", "Values": ["AMPAgentlessScraper"]}]
    )["NetworkInterfaces"]


def _roles(aws: Emulated) -> list[str]:
    roles = aws.client("iam").list_roles(PathPrefix="/aws-service-role/")["Roles"]
    return [role["Arn"] for role in roles]


def test_a_collector_comes_with_all_that_aws_makes_for_it_and_goes_with_it(
    aws: Emulated, asked: dict[str, Any]
) -> None:
    """A role of its own, which the cluster lets in, and an interface in each subnet."""
    client = checked_client(aws, "amp")
    name = client.create_scraper(**asked)["scraperId"]
    told = client.describe_scraper(scraperId=name)["scraper"]
    assert told["status"] == {"statusCode": "ACTIVE"}
    assert told["scrapeConfiguration"] == CONFIGURATION
    assert told["tags"] == {"Name": "metrics"}
    assert told["source"]["eksConfiguration"]["securityGroupIds"]
    assert _entries(aws) == [told["roleArn"]]
    assert {one["SubnetId"] for one in _interfaces(aws)} == set(aws.subnets[:2])
    [summary] = client.list_scrapers()["scrapers"]
    assert (summary["scraperId"], "scrapeConfiguration" in summary) == (name, False)
    assert f"scrapers/{name}" in left(aws, "amp")
    assert _roles(aws) == [told["roleArn"]]
    client.delete_scraper(scraperId=name)
    assert (_entries(aws), _interfaces(aws), _roles(aws)) == ([], [], [])
    assert not [one for one in left(aws, "amp") if one.startswith("scrapers/")]


def test_what_is_scraped_and_where_it_goes_can_change(aws: Emulated, asked: dict[str, Any]) -> None:
    """Its source cannot: the AWS provider makes another one then. Tags are kept apart."""
    client = checked_client(aws, "amp")
    made = client.create_scraper(**asked)
    changed = {"configurationBlob": JOB % b""}
    client.update_scraper(scraperId=made["scraperId"], alias="others", scrapeConfiguration=changed)
    client.tag_resource(resourceArn=made["arn"], tags={"Tenant": "vision"})
    told = client.describe_scraper(scraperId=made["scraperId"])["scraper"]
    assert (told["alias"], told["scrapeConfiguration"]) == ("others", changed)
    assert client.list_tags_for_resource(resourceArn=made["arn"])["tags"] == told["tags"]
    assert told["tags"] == {"Name": "metrics", "Tenant": "vision"}
    client.delete_scraper(scraperId=made["scraperId"])


def test_there_is_a_configuration_to_begin_with(aws: Emulated) -> None:
    """YAML, which a client gets as bytes."""
    told = checked_client(aws, "amp").get_default_scraper_configuration()["configuration"]
    assert b"scrape_configs" in told


@pytest.mark.parametrize(
    ("part", "wrong", "message"),
    [
        ("clusterArn", f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:cluster/nothing", "does not exist"),
        ("clusterArn", f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:cluster/public", "no private endpoint"),
        ("subnetIds", ["subnet-0123"], "does not exist"),
        ("subnetIds", slice(1), "two Availability Zones"),
        ("securityGroupIds", ["sg-0123"], "does not exist"),
    ],
)
def test_a_source_that_cannot_be_scraped_is_refused(
    aws: Emulated, asked: dict[str, Any], part: str, wrong: Any, message: str
) -> None:
    """As AWS' user guide says; nothing of the collector is left then."""
    if part == "clusterArn" and wrong.endswith("public"):
        aws.cluster("public")
    value = aws.subnets[wrong] if isinstance(wrong, slice) else wrong
    source = {"eksConfiguration": asked["source"]["eksConfiguration"] | {part: value}}
    with pytest.raises(ClientError, match=message) as error:
        checked_client(aws, "amp").create_scraper(**asked | {"source": source})
    assert error.value.response["Error"]["Code"] == "ValidationException"
    assert _roles(aws) == []


def test_an_unknown_workspace_is_refused(aws: Emulated, asked: dict[str, Any]) -> None:
    """Samples would go nowhere."""
    nowhere = {"workspaceArn": f"arn:aws:aps:{REGION}:{ACCOUNT_ID}:workspace/ws-0"}
    with pytest.raises(ClientError, match="does not exist"):
        checked_client(aws, "amp").create_scraper(**asked | {"destination": {"ampConfiguration": nowhere}})


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        (b"{", "not YAML"),
        (b"global: {}", "no scrape_configs"),
        (b"remote_write: []\n" + JOB % b"", "section remote_write is not supported"),
        (b"global: {scrape_interval: 15s}\n" + JOB % b"", "at least 30s"),
        (JOB % b", scrape_interval: 1s", "at least 30s"),
        (JOB % b", dns_sd_configs: []", "dns_sd_configs is not supported"),
        (JOB % b", authorization: {credentials_file: /token}", "must be Bearer"),
        (JOB % b", static_configs: [{targets: ['model.example:8002']}]", "is no IP address"),
    ],
)
def test_a_configuration_that_a_managed_collector_cannot_follow_is_refused(
    aws: Emulated, asked: dict[str, Any], configuration: bytes, message: str
) -> None:
    """Prometheus itself would take most of them."""
    wrong = {"scrapeConfiguration": {"configurationBlob": configuration}}
    with pytest.raises(ClientError, match=message):
        checked_client(aws, "amp").create_scraper(**asked | wrong)


def test_targets_of_a_configuration_may_be_addresses(aws: Emulated, asked: dict[str, Any]) -> None:
    """With a port or without."""
    client = checked_client(aws, "amp")
    fixed = {"configurationBlob": JOB % b", static_configs: [{targets: ['10.0.0.1:8002', '10.0.0.2']}]"}
    name = client.create_scraper(**asked | {"scrapeConfiguration": fixed})["scraperId"]
    client.delete_scraper(scraperId=name)


def test_what_is_not_there_is_an_error(aws: Emulated) -> None:
    """The AWS provider waits for it when it deletes."""
    with pytest.raises(ClientError, match="ResourceNotFoundException") as error:
        checked_client(aws, "amp").describe_scraper(scraperId="s-0")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_the_provider_does_not_wait_for_what_is_gone(aws: Emulated, asked: dict[str, Any]) -> None:
    """Eight minutes it would; people are told of a deletion as AWS tells them."""
    client = checked_client(aws, "amp")

    def call_as_provider(request: Any, **_: Any) -> None:
        request.headers["User-Agent"] = f"APN/1.0 {PROVIDER}/6"

    client.meta.events.register("before-sign.amp", call_as_provider)
    name = client.create_scraper(**asked)["scraperId"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.delete_scraper(scraperId=name)
    assert _entries(aws) == []


def test_a_cluster_may_go_before_its_collector(aws: Emulated, asked: dict[str, Any]) -> None:
    """AWS deletes each for itself."""
    aws.client("eks").create_cluster(
        name="short",
        roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/cluster",
        resourcesVpcConfig={"subnetIds": aws.subnets, "endpointPrivateAccess": True},
    )
    arn = f"arn:aws:eks:{REGION}:{ACCOUNT_ID}:cluster/short"
    source = {"eksConfiguration": {"clusterArn": arn, "subnetIds": aws.subnets}}
    client = checked_client(aws, "amp")
    name = client.create_scraper(**asked | {"source": source})["scraperId"]
    aws.client("eks").delete_cluster(name="short")
    client.delete_scraper(scraperId=name)
    assert _roles(aws) == []
