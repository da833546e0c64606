"""The resources of a stack, and what of them refers to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from policies.core.values import View, secret_texts

STACK = "pulumi:pulumi:Stack"
"""Subject of rules that ask whether something exists at all."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource, as the engine hands it to a policy or as a state file holds it.

    Args:
        urn: its Pulumi name, unique in the stack.
        type: its type token, e.g. `aws:s3/bucket:Bucket`.
        name: its name in the program.
        properties: its inputs; where the engine has outputs, those with the inputs' names.
        parent: URN of the component it belongs to.
        dependencies: URNs of what it depends on.
        property_dependencies: for each property, URNs of the resources whose outputs it was made from.
        protect: whether Pulumi refuses to delete it.
        memo: what was worked out from the properties and holds for every rule.
    """

    urn: str
    type: str
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    dependencies: Sequence[str] = ()
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    protect: bool = False
    memo: dict[str, Any] = field(init=False, default_factory=dict, compare=False, repr=False)

    @cached_property
    def view(self) -> View:
        """Typed reading of the properties."""
        return View(self.properties)

    @property
    def is_kubernetes(self) -> bool:
        """Whether it is an object of the cluster's API."""
        return self.type.startswith("kubernetes:")

    @property
    def left_out(self) -> bool:
        """Whether `--exclude` keeps it from being made: the engine shows it, with nothing in it."""
        return self.is_kubernetes and not self.properties


class Stack:
    """All resources of a stack, with the joins that rules need."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = tuple(resources)
        self._by_type: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            self._by_type[resource.type].append(resource)

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """Resources by their URN."""
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def secrets(self) -> frozenset[str]:
        """Texts that are marked as secret anywhere in the stack: they are in no finding."""
        return frozenset().union(*(secret_texts(resource.properties) for resource in self.resources))

    def of(self, *types: str) -> list[Resource]:
        """All resources of some types."""
        return [resource for type_ in types for resource in self._by_type.get(type_, ())]

    def referring(self, target: Resource, type_: str, prop: str, *, by: Sequence[str] = ()) -> list[Resource]:
        """Resources of a type that name `target` in a property.

        Ids are unknown while a stack is previewed for the first time, so the join goes by the dependencies of
        the property; where the program wrote a literal, by its value.

        Args:
            target: what is referred to.
            type_: type of the resources looked for.
            prop: top-level property in which they name the target.
            by: properties of the target whose value they may name literally, e.g. `("bucket",)`.
        """
        names = {value for key in by if isinstance(value := target.properties.get(key), str)}
        found = []
        for resource in self._by_type.get(type_, ()):
            depends = resource.property_dependencies.get(prop, ())
            value = resource.properties.get(prop)
            if target.urn in depends or (not depends and isinstance(value, str) and value in names):
                found.append(resource)
        return found

    def referred(self, resource: Resource, prop: str, *types: str) -> list[Resource]:
        """Resources of some types that a property was made from."""
        found = [self.by_urn.get(urn) for urn in resource.property_dependencies.get(prop, ())]
        return [one for one in found if one and one.type in types]
