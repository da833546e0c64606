"""What somebody else changed in the fields that a program sets."""

from __future__ import annotations

import base64

from groundplan.rehearsal.providers.kubernetes.drift import drifted_inputs, overlay


def _meta(**fields: object) -> dict:
    return {"name": "a", **fields}


def test_no_drift_returns_the_inputs_themselves() -> None:
    """Defaults, other owners' fields and the server's own metadata are in both versions, or do not count."""
    inputs = {"metadata": _meta(), "spec": {"cpu": "0.5"}}
    spec = {"cpu": "500m", "default": 1, "replicas": 3}
    applied = {"metadata": _meta(generation=2, uid="x"), "spec": spec}
    live = {"metadata": _meta(generation=1, uid="x"), "spec": spec, "status": {"ready": 1}}
    assert drifted_inputs(inputs, applied, live) is inputs


def test_changed_and_removed_values() -> None:
    """A drifted value takes the input's place, a removed one goes; what agrees keeps its spelling."""
    inputs = {"metadata": _meta(labels={"x": "1", "y": "1"}), "spec": {"cpu": "0.5", "n": 1}}
    applied = {"metadata": _meta(labels={"x": "1", "y": "1"}), "spec": {"cpu": "500m", "n": 1}}
    live = {"metadata": _meta(labels={"x": "2"}), "spec": {"cpu": "500m", "n": 1}}
    assert drifted_inputs(inputs, applied, live) == {
        "metadata": _meta(labels={"x": "2"}),
        "spec": {"cpu": "0.5", "n": 1},
    }


def test_items_with_names_are_matched_by_name() -> None:
    """The order of a keyed list, and items that somebody else owns, are no drift of ours."""
    inputs = {"metadata": _meta(), "env": [{"name": "a", "value": "1"}]}
    applied = {"metadata": _meta(), "env": [{"name": "b"}, {"name": "a", "value": "1"}]}
    live = {"metadata": _meta(), "env": [{"name": "b"}, {"name": "a", "value": "2"}]}
    assert drifted_inputs(inputs, applied, live)["env"] == [{"name": "a", "value": "2"}]


def test_item_added_to_an_atomic_list() -> None:
    """Applying the inputs again would remove it: so it is drift."""
    inputs = {"metadata": _meta(), "rules": [{"ports": [1]}]}
    live = {"metadata": _meta(), "rules": [{"ports": [1]}, {"ports": [2]}]}
    assert drifted_inputs(inputs, inputs | {}, live)["rules"] == live["rules"]


def test_text_of_a_secret() -> None:
    """Write-only text is compared with the data that it became."""
    inputs = {"metadata": _meta(), "stringData": {"k": "one"}}
    encoded = {word: base64.b64encode(word.encode()).decode() for word in ("one", "two")}
    applied = {"metadata": _meta(), "data": {"k": encoded["one"], "other": "eA=="}}
    live = {"metadata": _meta(), "data": {"k": encoded["two"], "other": "eA=="}}
    assert drifted_inputs(inputs, applied, applied | {}) is inputs
    assert drifted_inputs(inputs, applied, live)["stringData"] == {"k": "two"}


def test_overlay_takes_for_unchanged_what_is_as_it_was_stored() -> None:
    """The server writes quantities its own way; what somebody changed since then is another value."""
    inputs = {"spec": {"memory": "3072Mi", "cpu": ["4000m", "1"]}}
    stored = {"spec": {"memory": "3Gi", "cpu": ["4", "1"]}}
    assert drifted_inputs(inputs, overlay(inputs, stored, stored), stored) == inputs
    live = {"spec": {"memory": "3Gi", "cpu": ["8", "1"]}}
    assert drifted_inputs(inputs, overlay(inputs, live, stored), live)["spec"]["cpu"] == ["8", "1"]


def test_overlay_lets_the_inputs_win() -> None:
    """Where the server refuses the dry run, the inputs are laid over the live object."""
    live = {"spec": {"a": 1, "b": 2, "l": [{"x": 1, "y": 2}]}}
    found = overlay({"spec": {"a": 3, "l": [{"x": 4}]}}, live)
    assert found == {"spec": {"a": 3, "b": 2, "l": [{"x": 4, "y": 2}]}}
