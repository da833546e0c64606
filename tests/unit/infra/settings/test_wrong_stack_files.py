"""Each wrong input of a stack file, and the exact message a person gets for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.settings import SettingsError, load_stack_file
from infra.settings.release import load_release
from tests.unit.infra.recording import DEV_STACK, DIGESTS, dev_config
from tests.unit.infra.settings import (
    mistakes_elastic,
    mistakes_estate,
    mistakes_hours,
    mistakes_lake,
    mistakes_recovery,
    mistakes_services,
    mistakes_streams,
)
from tests.unit.infra.settings.mistakes import CASES, Change

ALL_CASES = [
    *CASES,
    *mistakes_elastic.CASES,
    *mistakes_estate.CASES,
    *mistakes_hours.CASES,
    *mistakes_lake.CASES,
    *mistakes_recovery.CASES,
    *mistakes_services.CASES,
    *mistakes_streams.CASES,
]


def _error(tmp_path: Path, platform: object, *, region: object = "eu-central-1") -> SettingsError:
    path = tmp_path / "Pulumi.dev.yaml"
    config = {"aws:region": region, "groundplan:platform": platform}
    path.write_text(yaml.safe_dump({"config": config}), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_stack_file(path)
    return caught.value


@pytest.mark.parametrize(
    ("change", "expected"), [case[1:] for case in ALL_CASES], ids=[case[0] for case in ALL_CASES]
)
def test_each_mistake_is_explained(
    tmp_path: Path, change: Change, expected: tuple[str, object, str, str]
) -> None:
    """One mistake gives one problem: the key, what was given, what is wrong, what is allowed."""
    platform = dev_config()["groundplan:platform"]
    change(platform)
    (problem,) = _error(tmp_path, platform).problems
    assert (problem.key, problem.given, problem.wrong, problem.allowed) == expected


def test_the_message_as_a_person_sees_it(tmp_path: Path) -> None:
    """All problems at once, and what to type next."""
    platform = dev_config()["groundplan:platform"]
    platform["network"]["vpc_rnage"] = platform["network"].pop("vpc_range")
    platform["protect_data"] = 1
    assert str(_error(tmp_path, platform)) == "\n".join(
        [
            "stacks/Pulumi.dev.yaml: 3 problems",
            "  groundplan:platform.protect_data",
            "    given:   1",
            "    problem: this is neither true nor false",
            "    allowed: true or false",
            "  groundplan:platform.network.vpc_range",
            "    problem: the key is missing",
            r"    allowed: text that matches ^\d+(\.\d+){3}/\d+$. Private range of the whole VPC, /16 to /20."
            " Must not overlap any network it is ever connected to.",
            "  groundplan:platform.network.vpc_rnage",
            '    given:   "10.40.0.0/16"',
            "    problem: there is no such key",
            "    allowed: one of vpc_range, zones, nat_gateways, endpoints, transit_gateway, "
            "organization_id, security_group_rules, flow_log_retention_days; did you mean 'vpc_range'?",
            "Next: correct stacks/Pulumi.dev.yaml, then run: pulumi preview --stack dev",
        ]
    )


@pytest.mark.parametrize("region", ["Frankfurt", "eu-central", 7, None])
def test_a_wrong_region_is_explained(tmp_path: Path, region: object) -> None:
    """The region is checked under its own key."""
    problems = _error(tmp_path, dev_config()["groundplan:platform"], region=region).problems
    assert problems[0].key == "aws:region"


def test_a_missing_file_names_those_that_are_there() -> None:
    """Whoever mistypes a stack's name sees the right ones."""
    with pytest.raises(SettingsError, match=r"stacks/Pulumi\.dve\.yaml: 1 problem") as caught:
        load_stack_file(DEV_STACK.with_name("Pulumi.dve.yaml"))
    assert "Pulumi.dev.yaml" in caught.value.problems[0].allowed


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("config: [", "the file"),
        ("- a list", "config"),
        ("config: text", "config"),
        ("config: {aws:region: eu-central-1}", "config.groundplan:platform"),
    ],
)
def test_a_file_that_is_no_stack_file_is_explained(tmp_path: Path, text: str, key: str) -> None:
    """Broken YAML and a wrong shape are problems like others, not tracebacks."""
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_stack_file(path)
    assert [problem.key for problem in caught.value.problems] == [key]


def test_a_release_names_a_digest_for_each_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest is read from the file that the environment names."""
    path = tmp_path / "some-release.json"
    path.write_text(f'{{"images": {str(DIGESTS).replace(chr(39), chr(34))}}}', encoding="utf-8")
    monkeypatch.setenv("GROUNDPLAN_RELEASE", str(path))
    release = load_release(tmp_path)
    assert {service: release.digest(service) for service in DIGESTS} == DIGESTS


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (None, "the file"),
        ("{", "the file"),
        ('{"images": {"ingest": "latest"}}', "images.ingest"),
        ("{}", "images"),
    ],
)
def test_a_wrong_release_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, key: str
) -> None:
    """A manifest that is missing, broken or incomplete is a clear error with a next step."""
    monkeypatch.delenv("GROUNDPLAN_RELEASE", raising=False)
    if text is not None:
        (tmp_path / "release.json").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="GROUNDPLAN_RELEASE") as caught:
        load_release(tmp_path)
    assert caught.value.file == "release.json"
    assert caught.value.problems[0].key == key
