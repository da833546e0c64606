"""Property values of the protocol."""

from __future__ import annotations

from copy import deepcopy

import pytest
from google.protobuf import struct_pb2

from groundplan.errors import GroundplanError
from groundplan.rehearsal.providers.kubernetes.values import (
    UNKNOWN,
    Secret,
    decode,
    encode,
    has_unknown,
    keep_secret,
    reveal,
)


def test_round_trip_keeps_every_value() -> None:
    """What is written is read back the same: types, secrets and unknowns included."""
    properties = {
        "a": 1,
        "b": 1.5,
        "c": True,
        "d": None,
        "e": ["x", {"y": Secret({"z": UNKNOWN})}],
        "f": UNKNOWN,
    }
    found = decode(encode(properties))
    assert found == properties
    assert (type(found["a"]), type(found["c"])) == (int, bool)


def test_unknown_stays_itself_in_a_copy() -> None:
    """Objects are copied freely."""
    assert deepcopy({"a": UNKNOWN})["a"] is UNKNOWN


def test_secret_and_unknown_are_found_at_any_depth() -> None:
    """Marks are taken off everywhere; unknowns are seen through them."""
    nested = {"a": [Secret({"b": Secret("c")})]}
    assert reveal(nested) == {"a": [{"b": "c"}]}
    assert has_unknown({"a": [Secret({"b": UNKNOWN})]})
    assert not has_unknown(nested)


def test_secrecy_of_inputs_passes_to_outputs() -> None:
    """A value is secret where the input is; a list with a secret in it is secret as a whole."""
    outputs = {"spec": {"a": 1, "b": 2, "c": [1, 2]}, "status": {}}
    inputs = {"spec": {"a": Secret(1), "c": [1, Secret(2)]}}
    assert keep_secret(outputs, inputs) == {
        "spec": {"a": Secret(1), "b": 2, "c": Secret([1, 2])},
        "status": {},
    }


def test_a_secret_is_not_shown_by_its_representation() -> None:
    """A log line or traceback does not leak it."""
    assert "word" not in repr({"a": Secret("word")})


def test_assets_are_refused() -> None:
    """No Kubernetes object holds a file of Pulumi's."""
    asset = struct_pb2.Struct()
    asset.update({"a": {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "text": "x"}})
    with pytest.raises(GroundplanError, match="assets"):
        decode(asset)
