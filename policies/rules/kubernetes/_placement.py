"""On which nodes a pod may run, by what its spec says of their labels.

`nodeSelector` and the required node affinity count. Taints do not: who may tolerate one is not decided there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from policies.core.values import View
from policies.rules.kubernetes._amounts import label

_REQUIRED = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
_GIVEN_BY_OTHERS = re.compile(
    r"(^|\.)(kubernetes\.io|k8s\.io|k8s\.aws|amazonaws\.com|karpenter\.sh|nvidia\.com)/"
)
"""Labels that the cluster, EC2 or NVIDIA's discovery puts on nodes beside those that a program gives them."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a pod asks of one label of its node."""

    key: str
    operator: str
    values: frozenset[str]

    def is_met_by(self, labels: Mapping[str, str]) -> bool:
        """Whether a node that a program gave these labels may have what is asked."""
        value = labels.get(self.key)
        if value is None:
            return self.operator in {"NotIn", "DoesNotExist"} or bool(_GIVEN_BY_OTHERS.search(self.key))
        return {
            "In": value in self.values,
            "NotIn": value not in self.values,
            "DoesNotExist": False,
        }.get(self.operator, True)

    def goes_with(self, other: Wish) -> bool:
        """Whether one node can meet both."""
        if self.key != other.key or "In" not in {self.operator, other.operator}:
            return True
        values, against = (self.values, other) if self.operator == "In" else (other.values, self)
        return any(against.is_met_by({self.key: value}) for value in values)


def labels_of(view: View, path: str) -> dict[str, str]:
    """The labels at a path."""
    labels = view.object(path)
    return {key: label(labels, key) for key in labels.keys()}  # noqa: SIM118 - a method of View


def may_run_on(pod: View, labels: Mapping[str, str]) -> bool:
    """Whether nothing in the spec of a pod keeps it from nodes with these labels."""
    return any(all(wish.is_met_by(labels) for wish in wishes) for wishes in _alternatives(pod))


def may_meet(pod: View, other: View) -> bool:
    """Whether nothing in the specs of two pods keeps them from the same node."""
    return any(
        all(one.goes_with(two) for one, two in product(first, second))
        for first, second in product(_alternatives(pod), _alternatives(other))
    )


def _alternatives(pod: View) -> list[list[Wish]]:
    """The terms of the affinity, of which one is enough, each with what the selector asks."""
    fixed = [
        Wish(key=key, operator="In", values=frozenset({value}))
        for key, value in labels_of(pod, "nodeSelector").items()
    ]
    return [[*fixed, *_wishes(term)] for term in pod.objects(_REQUIRED)] or [fixed]


def _wishes(term: View) -> Iterator[Wish]:
    for each in term.objects("matchExpressions"):
        yield Wish(
            key=each.text("key"),
            operator=each.text("operator"),
            values=frozenset(each.texts("values")),
        )
