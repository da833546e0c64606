"""The components that hold data beside the lake, through the AWS provider's own code."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import boto3
import pytest

from groundplan.rehearsal import inventory
from groundplan.rehearsal.world import PROJECT_ROOT, World
from tests.rehearsal.test_pulumi_aws import Project

pytestmark = pytest.mark.rehearsal

_PROGRAM = Path(__file__).parent / "programs" / "data_services" / "__main__.py"
_QUIET = ("--yes", "--skip-preview", "--stack", "dev")


def test_up_update_refresh_and_down(account: World, tmp_path: Path) -> None:
    """Created, unchanged, without drift, grown in place, and gone without a trace."""
    (tmp_path / "Pulumi.yaml").write_text(json.dumps({"name": "data-services", "runtime": "python"}))
    (tmp_path / "Pulumi.dev.yaml").write_text(json.dumps({"config": {"aws:region": account.region}}))
    shutil.copy(_PROGRAM, tmp_path)
    (tmp_path / "infra").symlink_to(PROJECT_ROOT / "infra")  # of this tree, wherever else one is installed
    project = Project(folder=tmp_path, world=account)
    project.pulumi("stack", "init", "dev")
    created = project.pulumi("up", *_QUIET)
    assert "warning" not in created
    outputs = json.loads(project.pulumi("stack", "output", "--json", "--stack", "dev"))
    assert outputs["provisioned"].count(":9098") == 3
    assert outputs["serverless"].count(":9098") == 1
    assert outputs["database"].startswith("groundplan-trial-metadata.")
    project.pulumi("preview", "--diff", "--expect-no-changes", "--stack", "dev")
    project.pulumi("refresh", "--expect-no-changes", *_QUIET)
    project.pulumi("config", "set", "volume_gib", "200", "--stack", "dev")
    assert "~ 1 updated" in project.pulumi("up", *_QUIET)
    project.pulumi("refresh", "--expect-no-changes", *_QUIET)
    check_topic(project, outputs["cluster"])
    project.pulumi("destroy", *_QUIET)
    assert {service: ids for service, ids in inventory.aws_inventory(account).items() if ids} == {}


def check_topic(project: Project, cluster: str) -> None:
    """What somebody changed by hand comes back; partitions become more, and never fewer."""
    kafka = _deployer(project.world).client("kafka", **_reach(project.world))
    topic = {"ClusterArn": cluster, "TopicName": "vision.digits"}
    careless = base64.b64encode(b'{"retention.ms": "60000"}').decode()
    kafka.update_topic(**topic, Configs=careless)
    assert "~ 1 updated" in project.pulumi("up", "--refresh", *_QUIET)
    in_force = json.loads(base64.b64decode(kafka.describe_topic(**topic)["Configs"]))
    assert (in_force["retention.ms"], in_force["min.insync.replicas"]) == ("86400000", "2")
    project.pulumi("config", "set", "partitions", "3", "--stack", "dev")
    assert "would not be an increase" in project.pulumi("up", *_QUIET, check=False)
    assert kafka.describe_topic(**topic)["PartitionCount"] == 6
    project.pulumi("config", "set", "partitions", "12", "--stack", "dev")
    assert "~ 1 updated" in project.pulumi("up", *_QUIET)
    assert kafka.describe_topic(**topic)["PartitionCount"] == 12


def _reach(world: World) -> dict[str, str]:
    return {"endpoint_url": world.aws_endpoint_url, "verify": str(world.certificate_authority)}


def _deployer(world: World) -> boto3.Session:
    login = json.loads((world.run / "credentials.json").read_text())
    return boto3.Session(
        login["AccessKeyId"], login["SecretAccessKey"], login["SessionToken"], region_name=world.region
    )
