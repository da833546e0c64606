"""The stack file of a second region: the same platform elsewhere, without what one account has once."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from groundplan.cli import app
from groundplan.errors import ExitCode, GroundplanError
from groundplan.standby.stack_file import standby_config
from tests.unit.infra.recording import SNAPSHOT, Recording, estate_of, stack_config


def _prod() -> dict[str, Any]:
    return stack_config("prod")


def _platform(config: dict[str, Any]) -> dict[str, Any]:
    return standby_config(config, SNAPSHOT)["groundplan:platform"]


def test_tenants_are_the_same() -> None:
    """Not a copy that somebody keeps up: made from the one table."""
    assert _platform(_prod())["tenants"] == _prod()["groundplan:platform"]["tenants"]


def test_only_what_a_region_decides_is_different() -> None:
    """Where it is, what it is called, what it begins with; and what there is once per account stays away."""
    before, after = _prod()["groundplan:platform"], _platform(_prod())
    changed = {key for key in before if after.get(key) != before[key]}
    assert changed == {
        "environment",
        "identity",
        "network",
        "account_quotas",
        "data_stores",
        "gpu_pools",
        "edge",
        "operations",
        "recovery",
    }
    assert after["operations"] == before["operations"] | {"anomaly_usd": None}
    assert after["account_quotas"] == before["account_quotas"] | {"request": False}
    assert after["network"]["zones"] == ["eu-west-1c", "eu-west-1a", "eu-west-1b"]
    assert after["gpu_pools"]["training"]["zone"] == "eu-west-1c"
    assert after["data_stores"]["database"]["snapshot"] == SNAPSHOT


def test_what_was_bought_in_the_first_region_stays_there() -> None:
    """A block of capacity is in one zone; elsewhere the pool takes what there is."""
    config = _prod()
    block = {
        "reservation_id": "cr-0123456789",
        "starts": "2027-03-01T11:30:00Z",
        "ends": "2027-03-08T11:30:00Z",
    }
    pool = config["groundplan:platform"]["gpu_pools"]["training"]
    pool |= {
        "purchase": {"option": "capacity-block", "capacity_block": block},
        "images_snapshot": "snap-01234567",
    }
    moved = _platform(config)["gpu_pools"]["training"]
    assert "purchase" not in moved
    assert "images_snapshot" not in moved


def test_an_argument_is_left_as_it_was() -> None:
    """The settings of the first region are not touched."""
    config = _prod()
    standby_config(config, SNAPSHOT)
    assert config == _prod()


@pytest.fixture(scope="module")
def estate() -> Recording:
    """All that the standby of prod registers."""
    return estate_of("prod-dr")


def test_the_database_begins_with_the_snapshot(estate: Recording) -> None:
    """And is as guarded as the one that was lost."""
    database = estate.one("aws:rds/cluster:Cluster")
    assert database.inputs["snapshotIdentifier"] == SNAPSHOT
    assert database.protect


def test_no_name_is_taken_by_the_first_region(estate: Recording) -> None:
    """Roles, policies and buckets of one account are beside each other, whatever their region."""

    def names(recording: Recording) -> set[tuple[str, str]]:
        keys = {
            "aws:iam/role:Role": "name",
            "aws:iam/policy:Policy": "name",
            "aws:s3/bucket:Bucket": "bucket",
        }
        found = {(type_, one.inputs[key]) for type_, key in keys.items() for one in recording.of(type_)}
        assert len(found) > 50
        return found

    assert not names(estate) & names(estate_of("prod"))
    assert not estate.of("aws:iam/openIdConnectProvider:OpenIdConnectProvider")


def test_a_stack_without_a_second_region_has_no_standby() -> None:
    """Said with what is missing, and exit code 2."""
    done = CliRunner().invoke(app, ["standby", "dev", "--database-snapshot", SNAPSHOT])
    assert "groundplan:platform.recovery is missing" in str(done.exception)
    assert isinstance(done.exception, GroundplanError)
    assert done.exception.exit_code == ExitCode.CONFIG


def test_a_wrong_snapshot_is_refused() -> None:
    """What the query of a runbook prints when there is no backup."""
    done = CliRunner().invoke(app, ["standby", "prod", "--database-snapshot", "None"])
    assert "data_stores.database.snapshot" in str(done.exception)
    assert isinstance(done.exception, GroundplanError)
    assert done.exception.exit_code == ExitCode.CONFIG


def test_the_stack_file_is_printed_or_written(tmp_path: Any) -> None:
    """The same text, that names what made it."""
    printed = CliRunner().invoke(app, ["standby", "prod", "--database-snapshot", SNAPSHOT])
    file = tmp_path / "Pulumi.prod-dr.yaml"
    CliRunner().invoke(app, ["standby", "prod", "--database-snapshot", SNAPSHOT, "--out", str(file)])
    assert printed.stdout == file.read_text()
    assert yaml.safe_load(file.read_text())["config"]["aws:region"] == "eu-west-1"
