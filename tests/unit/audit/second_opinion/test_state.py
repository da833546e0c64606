"""Reading a state: what is in it, what is not shown to anybody, and what a damaged one says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from groundplan.audit.second_opinion import state
from groundplan.errors import ExitCode, GroundplanError

from .states import resource
from .states import state as state_of

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = {_SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:canary", "plaintext": '"canary"'}
BUCKET = "aws:s3/bucket:Bucket"


def read(*entries: dict[str, Any]) -> list[state.Resource]:
    """The resources of a state of these entries."""
    return state.resources(state_of(*entries))


def test_outputs_win_and_inputs_fill_up() -> None:
    """What AWS has counts; what a provider does not give back is taken from what the program set."""
    (found,) = read(
        resource(BUCKET, "b", inputs={"bucket": "b", "forceDestroy": True}, outputs={"bucket": "real"})
    )
    assert found.values == {"bucket": "real", "forceDestroy": True, "id": "b-id"}


def test_components_reads_and_leavers_are_left_out() -> None:
    """Only what a provider made and keeps is audited."""
    entries = [
        resource("groundplan:aws:Lake", "c", custom=False),
        resource(BUCKET, "read", external=True),
        resource(BUCKET, "old", delete=True),
        resource("pulumi:providers:aws", "p"),
        resource(BUCKET, "kept"),
    ]
    assert [each.name for each in read(*entries)] == ["kept"]


@pytest.mark.parametrize(
    "value",
    [
        _SECRET,
        {"inner": [_SECRET]},
        {_SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "secret": True, "value": "canary"},
    ],
)
def test_secrets_never_come_through(value: Any) -> None:
    """Encrypted or not, at any depth."""
    (found,) = read(resource(BUCKET, "b", inputs={"x": value}, outputs={"x": value}))
    assert "canary" not in repr(found)
    assert state.SECRET_PLACEHOLDER in repr(found)


def test_secret_outputs_as_a_whole() -> None:
    """A state may hold all outputs as one secret; then only the inputs are known."""
    (found,) = read(resource(BUCKET, "b", inputs={"bucket": "b"}, outputs=_SECRET))
    assert found.values == {"bucket": "b", "id": "b-id"}


def test_unknown_values_are_marked() -> None:
    """A preview's state holds values that only the deployment brings."""
    (found,) = read(resource(BUCKET, "b", inputs={"arn": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}))
    assert found.values["arn"] is state.UNKNOWN


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({}, "'deployment'"),
        ({"deployment": {}}, "'deployment.resources'"),
        ({"deployment": {"resources": {}}}, "deployment.resources is a dict"),
        ({"deployment": {"resources": ["x"]}}, "deployment.resources[0] is 'x'"),
        (state_of({"custom": True, "type": BUCKET}), "deployment.resources[0].urn is None"),
        (state_of(resource(BUCKET, "b", inputs=[1])), "deployment.resources[0].inputs is a list"),
    ],
)
def test_damage_is_named(document: dict[str, Any], named: str) -> None:
    """The key, what is there, what is allowed, and the next command."""
    with pytest.raises(GroundplanError) as caught:
        state.resources(document)
    assert named in caught.value.message
    assert caught.value.exit_code is ExitCode.CONFIG
    assert "pulumi stack export" in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["{", json.dumps([1])])
def test_files_that_are_no_state(tmp_path: Path, text: str) -> None:
    """Half a file and another document are told apart from a state."""
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(GroundplanError, match=r"state\.json"):
        state.read(file)


def test_missing_file(tmp_path: Path) -> None:
    """The file is named."""
    with pytest.raises(GroundplanError, match=r"none\.json: No such file"):
        state.read(tmp_path / "none.json")
