"""The policy pack on the real engine, by `pulumi preview --policy-pack policies` alone."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from groundplan.rehearsal.world import PROJECT_ROOT, World
from tests.rehearsal.test_pulumi_aws import Project

pytestmark = pytest.mark.rehearsal

PACK = ("--policy-pack", str(PROJECT_ROOT / "policies"))
PREVIEW = ("preview", "--stack", "prod")
_PROGRAM = """
import pulumi
from pulumi_aws.kms.key import Key
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_public_access_block import BucketPublicAccessBlock

key = Key("key", description="of a test", policy=pulumi.Config().get("policy"), {key})
bucket = Bucket("open", bucket="groundplan-policy-test")
{block}
"""
_BLOCK = """
BucketPublicAccessBlock("open", bucket=bucket.bucket, block_public_acls=True, block_public_policy=True,
                        ignore_public_acls=True, restrict_public_buckets=True)
"""


@pytest.fixture
def project(account: World, tmp_path: Path) -> Generator[Project]:
    """A project whose stack bears the name of the strictest environment."""
    (tmp_path / "Pulumi.yaml").write_text(json.dumps({"name": "policed", "runtime": "python"}))
    (tmp_path / "Pulumi.prod.yaml").write_text(json.dumps({"config": {"aws:region": account.region}}))
    made = Project(folder=tmp_path, world=account)
    made.pulumi("stack", "init", "prod")
    yield made
    made.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    made.pulumi("stack", "rm", "--yes", "prod")


def _broken(project: Project) -> None:
    project.write(_PROGRAM.format(key="enable_key_rotation=False", block=""))


def test_broken_rules_stop_a_preview_and_an_update(project: Project) -> None:
    """A rule over one resource and one that joins two: named, with path and remedy; nothing is made."""
    _broken(project)
    shown = project.pulumi(*PREVIEW, *PACK, check=False)
    assert "KMS-01" in shown
    assert "enableKeyRotation: rotation is off" in shown
    assert "S3-01" in shown
    assert "no BucketPublicAccessBlock names open" in shown
    assert "[mandatory]" in shown
    assert "Traceback" not in shown
    project.pulumi("up", "--yes", "--skip-preview", "--stack", "prod", *PACK, check=False)
    assert "aws:kms/key:Key" not in project.pulumi("stack", "export", "--stack", "prod")


def test_remediation_mends_what_it_can(project: Project, tmp_path: Path) -> None:
    """At the level `remediate` the key is made with rotation."""
    project.write(_PROGRAM.format(key="enable_key_rotation=False", block=_BLOCK))
    config = tmp_path / "policy.json"
    config.write_text(json.dumps({"KMS-01": "remediate"}))
    shown = project.pulumi(*PREVIEW, *PACK, "--policy-pack-config", str(config), "--diff", check=False)
    assert "[remediate]  KMS-01" in shown
    assert "enableKeyRotation   : false => true" in shown
    assert "rotation is off" not in shown


def test_misspelt_configuration_is_refused(project: Project, tmp_path: Path) -> None:
    """The engine accepts any name; the pack does not."""
    _broken(project)
    mistakes: tuple[tuple[dict[str, object], str], ...] = (
        ({"KSM-01": "advisory"}, "there is no rule 'KSM-01'"),
        ({"S3-01": "remediate"}, "it cannot rewrite what it finds"),
        ({"KMS-01": {"enforcementLevel": "advisory", "days": 9}}, "there is no key 'days'"),
    )
    for config, said in mistakes:
        file = tmp_path / "policy.json"
        file.write_text(json.dumps(config))
        shown = project.pulumi(*PREVIEW, *PACK, "--policy-pack-config", str(file), check=False)
        assert said in shown
        assert "Traceback" not in shown
