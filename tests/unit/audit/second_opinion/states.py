"""Pulumi states made of what the program registers against mocks: no engine, no account."""

from __future__ import annotations

from typing import Any

from pulumi.runtime import mocks

from tests.unit.infra.recording import Recording, Registered, estate_of


def estate_state(stack: str) -> dict[str, Any]:
    """The whole program with the settings of one stack, as `pulumi stack export` would write it."""
    return state(*(entry(each) for each in estate_of(stack).resources))


def state(*entries: dict[str, Any]) -> dict[str, Any]:
    """A state of these resources."""
    return {"version": 3, "deployment": {"resources": list(entries)}}


def entry(registered: Registered) -> dict[str, Any]:
    """A resource as it lies in a state; of what AWS computes, what mocks make up."""
    args = mocks.MockResourceArgs(
        typ=registered.type,
        name=registered.name,
        inputs=registered.inputs,
        provider=registered.provider,
        resource_id="",
        custom=registered.custom,
    )
    found_id, outputs = Recording().new_resource(args)
    return {
        "urn": registered.urn,
        "custom": registered.custom,
        "id": found_id if registered.custom else None,
        "type": registered.type,
        "inputs": registered.inputs,
        "outputs": outputs if registered.custom else {},
        "parent": registered.parent,
        "protect": registered.protect,
        "propertyDependencies": {name: list(urns) for name, urns in registered.property_dependencies.items()},
    }


def resource(token: str, name: str, **more: Any) -> dict[str, Any]:
    """A small resource of a state."""
    return {
        "urn": f"urn:pulumi:prod::groundplan::{token}::{name}",
        "custom": True,
        "type": token,
        "id": f"{name}-id",
        **more,
    }
