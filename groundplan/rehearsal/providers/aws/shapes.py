"""How the properties of one type differ between pulumi-aws and the bridge, and the translation of values.

The bridge derives names from the Terraform schema; pulumi-aws corrects many by hand. Two kinds of difference
are derived by comparing both schemas: another name (`alarm_name` against `name`, `rules` against `rule`),
and a list of at most one element that pulumi-aws flattens while the wire protocol of the Terraform provider
does not carry the maximum. A type without differences has no shape (None), and its values pass untouched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from types import MappingProxyType

from groundplan.rehearsal.providers.aws.types import ListOf, MapOf, Record, Type

RENAMED = MappingProxyType(
    {
        ("cloudwatch/metricAlarm", "name"): "alarmName",
        ("cloudwatch/dashboard", "dashboardName"): "dashboardName",
        ("sns/topicSubscription", "topic"): "topicArn",
    }
)
"""(Type, property of pulumi-aws) to the bridge's property, where neither plural nor prefix tells."""

SAME_AS_OURS = frozenset({("s3/bucket", "replicationConfiguration")})
"""(Type, property) that are alike although the bridge's schema says otherwise: it has one name for the types
of this property and of the resource `s3_bucket_replication_configuration`, and describes the latter's."""

ABSENT_ON_PURPOSE = frozenset({"region"})
"""Properties of pulumi-aws 7 that an older provider lacks and the adapter answers for by itself."""

KEPT = MappingProxyType(
    {
        "aws:eks/cluster:Cluster": frozenset({"deletionProtection"}),
        "aws:grafana/workspace:Workspace": frozenset({"kmsKeyId"}),
    }
)
"""Inputs by type that a provider of major version 5 lacks. There the adapter keeps them in the state as the
program gives them and the account never hears of them; with a newer provider they are passed on like all
others. Short on purpose: what is in it is not rehearsed on a machine with an old provider."""


NOT_EMPTY = frozenset({("grafana/workspace.networkAccessControl", "prefixListIds")})
"""(Type and path, property) of lists that the provider's code leaves out if they are empty, though AWS wants
to see them: before terraform-provider-aws 6.45 it could create no workspace that an endpoint alone leads to.
An empty text in their place is one that it drops later: https://github.com/hashicorp/terraform-provider-aws/pull/47646
"""


class Nesting(Enum):
    """How a value nests for the bridge, seen from pulumi-aws."""

    SAME = 0
    WRAPPED = 1
    """pulumi-aws has one value, the bridge a list of it."""
    UNWRAPPED = 2
    """pulumi-aws has a list, the bridge its only element."""


@dataclass(frozen=True)
class Field:
    """One property.

    Args:
        name: what the bridge calls it.
        nesting: whether a list is put around it.
        inner: differences inside.
    """

    name: str
    nesting: Nesting = Nesting.SAME
    inner: Shape | None = None


@dataclass(frozen=True)
class Shape:
    """Differences of an object, or of each element of a list or map.

    Args:
        fields: by pulumi-aws' name; only those that differ.
        each: differences inside the elements, for a list or map.
        missing: properties of pulumi-aws that the bridge does not have.
        not_empty: lists that go to the bridge with an empty text if they hold nothing.
    """

    fields: Mapping[str, Field] = field(default_factory=dict)
    each: Shape | None = None
    missing: frozenset[str] = frozenset()
    not_empty: frozenset[str] = frozenset()

    @cached_property
    def by_bridge_name(self) -> Mapping[str, tuple[str, Field]]:
        """The same fields by the bridge's name."""
        return {found.name: (name, found) for name, found in self.fields.items()}


def derive(sdk: Type, bridge: Type, token: str = "") -> Shape | None:
    """Compare a type of pulumi-aws with the bridge's; None when they agree."""
    match sdk, bridge:
        case Record() as ours, Record() as theirs:
            return _of_records(ours, theirs, token)
        case (ListOf(ours), ListOf(theirs)) | (MapOf(ours), MapOf(theirs)):
            inner = derive(ours, theirs, token)
            return Shape(each=inner) if inner else None
        case _:
            return None


def _of_records(sdk: Record, bridge: Record, token: str) -> Shape | None:
    names = _matched(sdk.properties, bridge.properties, token)
    fields = {}
    kind = token.removeprefix("aws:").partition(":")[0]
    for name, theirs in names.items():
        if (kind, name) in SAME_AS_OURS:
            continue
        found = _field(theirs, sdk.properties[name], bridge.properties[theirs], f"{kind}.{name}")
        if found != Field(name):
            fields[name] = found
    missing = frozenset(sdk.properties) - frozenset(names)
    not_empty = frozenset(name for name in names if (kind, name) in NOT_EMPTY)
    if not (fields or missing or not_empty):
        return None
    return Shape(fields=fields, missing=missing, not_empty=not_empty)


def _field(name: str, sdk: Type, bridge: Type, path: str) -> Field:
    match sdk, bridge:
        case ListOf(ours), theirs if not isinstance(theirs, ListOf):
            return Field(name, Nesting.UNWRAPPED, derive(ours, theirs, path))
        case ours, ListOf(theirs) if not isinstance(ours, ListOf):
            return Field(name, Nesting.WRAPPED, derive(ours, theirs, path))
        case _:
            return Field(name, Nesting.SAME, derive(sdk, bridge, path))


def _matched(sdk: Iterable[str], bridge: Iterable[str], token: str) -> dict[str, str]:
    """The bridge's name of each property that it has."""
    ours, theirs = list(sdk), set(bridge)
    matched = {name: name for name in ours if name in theirs}
    free = theirs - set(matched)
    kind = token.removeprefix("aws:").partition(":")[0]
    for name in ours:
        if name in matched:
            continue
        guesses = (RENAMED.get((kind, name)), *_plurals(name), _prefixed(kind, name))
        found = next((guess for guess in guesses if guess in free), None)
        if found:
            matched[name] = found
            free.discard(found)
    return matched


def _plurals(name: str) -> tuple[str, ...]:
    """Plural and singular forms that Pulumi's bridge makes."""
    forms = [f"{name}s", f"{name}es"]
    if name.endswith("y"):
        forms.append(f"{name[:-1]}ies")
    if name.endswith("ies"):
        forms.append(f"{name[:-3]}y")
    if name.endswith("es"):
        forms.append(name[:-2])
    if name.endswith("s"):
        forms.append(name[:-1])
    return tuple(forms)


def _prefixed(kind: str, name: str) -> str:
    """`name` of `kms/replicaKey` is `replicaKeyName` for some resources."""
    leaf = kind.rpartition("/")[2]
    return f"{leaf}{name[0].upper()}{name[1:]}"
