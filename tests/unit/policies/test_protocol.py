"""The engine's marks are those that Pulumi's own SDK reads and writes."""

from __future__ import annotations

from pulumi.runtime import rpc

from policies.core import protocol


def test_marks_are_those_of_the_sdk() -> None:
    """A mark that changed would let a secret through."""
    assert rpc._special_sig_key == protocol.SIGNATURE
    assert rpc._special_secret_sig == protocol.SECRET
    assert rpc._special_output_value_sig == protocol.OUTPUT
    assert rpc._special_resource_sig == protocol.RESOURCE
    assert rpc.UNKNOWN == protocol.UNKNOWN_TEXT
    assert rpc.UNKNOWN in protocol.UNKNOWNS
