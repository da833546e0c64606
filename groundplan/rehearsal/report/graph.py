"""The resources of a stack by component: a layered graph of components, drawn as SVG."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y = 190, 52, 70, 22


def components(resources: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Resources by the component that made them, in the order of the stack."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for resource in resources:
        found[resource["component"]].append(resource)
    return dict(found)


def render(resources: Sequence[Mapping[str, Any]]) -> Markup | None:
    """Boxes for components, from what depends on nothing (left) to what depends on most (right)."""
    if not resources:
        return None
    members = components(resources)
    edges = _edges(resources)
    layers = _layers(members, edges)
    columns: dict[int, list[str]] = defaultdict(list)
    for component in members:
        columns[layers[component]].append(component)
    place = {
        component: (column * (BOX_WIDTH + GAP_X) + 2, row * (BOX_HEIGHT + GAP_Y) + 2)
        for column, names in columns.items()
        for row, component in enumerate(names)
    }
    width = (max(columns) + 1) * (BOX_WIDTH + GAP_X)
    height = max(len(names) for names in columns.values()) * (BOX_HEIGHT + GAP_Y)
    svg = ElementTree.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height}", attrib={"class": "graph"}
    )
    for source, target in sorted(edges):
        _draw_edge(svg, place[source], place[target])
    for component, (x, y) in place.items():
        _draw_box(svg, x, y, component, len(members[component]))
    # Safe: built by ElementTree, which escapes text and attributes.
    return Markup(ElementTree.tostring(svg, encoding="unicode"))  # noqa: S704


def _edges(resources: Sequence[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """(needed, needing) pairs of different components."""
    owner = {resource["urn"]: resource["component"] for resource in resources}
    return {
        (owner[needed], resource["component"])
        for resource in resources
        for needed in resource["dependencies"]
        if needed in owner and owner[needed] != resource["component"]
    }


def _layers(members: Mapping[str, object], edges: set[tuple[str, str]]) -> dict[str, int]:
    """Longest path to each component; a cycle ends after as many rounds as there are components."""
    layers = dict.fromkeys(members, 0)
    for _ in members:
        for source, target in edges:
            if (target, source) not in edges:
                layers[target] = max(layers[target], min(layers[source] + 1, len(members) - 1))
    used = sorted(set(layers.values()))
    return {component: used.index(layer) for component, layer in layers.items()}


def _draw_edge(svg: ElementTree.Element, source: tuple[int, int], target: tuple[int, int]) -> None:
    x1, y1 = source[0] + BOX_WIDTH, source[1] + BOX_HEIGHT // 2
    x2, y2 = target[0], target[1] + BOX_HEIGHT // 2
    middle = (x1 + x2) // 2
    ElementTree.SubElement(
        svg, "path", d=f"M{x1},{y1} C{middle},{y1} {middle},{y2} {x2},{y2}", attrib={"class": "edge"}
    )


def _draw_box(svg: ElementTree.Element, x: int, y: int, component: str, count: int) -> None:
    group = ElementTree.SubElement(svg, "g", transform=f"translate({x},{y})")
    ElementTree.SubElement(
        group, "rect", width=str(BOX_WIDTH), height=str(BOX_HEIGHT), rx="8", attrib={"class": "box"}
    )
    name = ElementTree.SubElement(group, "text", x="12", y="22", attrib={"class": "name"})
    name.text = component
    amount = ElementTree.SubElement(group, "text", x="12", y="40", attrib={"class": "amount"})
    amount.text = f"{count} resource{'s' if count != 1 else ''}"
