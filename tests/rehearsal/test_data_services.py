"""The components that hold data beside the lake, through the AWS provider's own code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

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
    project.pulumi("destroy", *_QUIET)
    assert {service: ids for service, ids in inventory.aws_inventory(account).items() if ids} == {}
