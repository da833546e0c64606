"""Draws one environment: who calls, the VPC with its zones, the lake beside it, the tenants below."""

from __future__ import annotations

from collections.abc import Iterable

from groundplan.diagram import words
from groundplan.diagram.canvas import Canvas, Kind
from infra.planning.subnets import Subnet, plan_subnets
from infra.settings import Settings

_WIDE = 1460
_MARGIN, _GAP, _PAD = 24, 16, 14
_TOP = 84
_LEFT, _RIGHT = 224, 340
"""Widths of the columns beside the VPC."""
_VPC_X = _MARGIN + _LEFT + 2 * _GAP
_VPC_WIDE = _WIDE - _VPC_X - 2 * _GAP - _RIGHT - _MARGIN
_RIGHT_X = _VPC_X + _VPC_WIDE + 2 * _GAP
_ZONE_GAP = 10
_ZONE_WIDE = (_VPC_WIDE - 2 * _PAD - 2 * _ZONE_GAP) / 3
_ROW = 34
_LABEL = 22


def draw(settings: Settings) -> str:
    """The picture of an environment as SVG."""
    platform = settings.platform
    canvas = Canvas(label=f"The environment {platform.environment} in {settings.region}", width=_WIDE)
    canvas.text("title", _MARGIN, 44, platform.environment, _LEFT)
    canvas.text("text", _MARGIN, 66, words.subtitle(settings), _WIDE - 2 * _MARGIN)
    vpc_end = _draw_vpc(canvas, settings)
    left_end = _draw_callers(canvas, settings)
    right_end = _draw_lake(canvas, settings)
    tenants = _draw_tenants(canvas, settings, max(vpc_end, left_end, right_end) + 2 * _GAP)
    return canvas.svg(tenants + _MARGIN)


def _draw_vpc(canvas: Canvas, settings: Settings) -> float:
    """The VPC: subnets by zone, the cluster over the private ones, data stores over the isolated ones."""
    platform = settings.platform
    plan = plan_subnets(platform.network.vpc_range, platform.network.zones)
    stores = list(words.stores(settings))
    cluster_high = _LABEL + 8 + len(list(words.pools(settings))) * _ROW
    private_y = _TOP + 138
    isolated_y = private_y + 66 + cluster_high + _GAP
    end = isolated_y + 38 + len(stores) * _ROW + _PAD
    canvas.box("network", _VPC_X, _TOP, _VPC_WIDE, end - _TOP + _PAD)
    canvas.text("head", _VPC_X + _PAD, _TOP + 24, f"VPC {platform.network.vpc_range}", 180)
    canvas.text("small", _VPC_X + 200, _TOP + 24, words.endpoints(settings), _VPC_WIDE - 200 - _PAD)
    for index, zone in enumerate(platform.network.zones):
        x = _zone_x(index)
        canvas.box("zone", x, _TOP + 38, _ZONE_WIDE, end - _TOP - 38)
        canvas.text("head", x + 10, _TOP + 58, zone, _ZONE_WIDE - 20)
        _draw_subnet(canvas, x, _TOP + 80, "public", plan.public[index])
        canvas.text("small", x + 10, _TOP + 112, words.nat(settings, index), _ZONE_WIDE - 20)
        _draw_subnet(canvas, x, private_y, "private", plan.private[index])
        _draw_subnet(canvas, x, private_y + 22, "pods", plan.pods[index])
        _draw_subnet(canvas, x, isolated_y, "isolated", plan.isolated[index])
    _draw_cluster(canvas, settings, private_y + 54, cluster_high)
    for row, (name, said) in enumerate(stores):
        _draw_store(canvas, isolated_y + 32 + row * _ROW, name, said)
    return end + _PAD


def _zone_x(index: int) -> float:
    return _VPC_X + _PAD + index * (_ZONE_WIDE + _ZONE_GAP)


def _draw_subnet(canvas: Canvas, x: float, y: float, kind: str, subnet: Subnet) -> None:
    canvas.text("text", x + 10, y + 14, kind, 60)
    canvas.text("small", x + 68, y + 14, str(subnet.address_range), _ZONE_WIDE - 78)


def _draw_cluster(canvas: Canvas, settings: Settings, y: float, high: float) -> None:
    """The cluster over all zones, and each pool where its nodes are."""
    platform = settings.platform
    x, wide = _VPC_X + _PAD + 6, _VPC_WIDE - 2 * _PAD - 12
    canvas.box("card", x, y, wide, high)
    title = f"EKS {platform.cluster.kubernetes_version}, private endpoint"
    canvas.text("head", x + 10, y + 19, title, wide - 20)
    for row, (said, zone) in enumerate(words.pools(settings)):
        left, room, where = x + 8, wide - 16, ""
        if zone is not None:
            left = _zone_x(platform.network.zones.index(zone)) + 14
            room = _ZONE_WIDE - 28
        else:
            where = "  in all zones"
        top = y + _LABEL + 4 + row * _ROW
        canvas.box("compute", left, top, room, _ROW - 6)
        canvas.text("small", left + 8, top + 18, said + where, room - 12)


def _draw_store(canvas: Canvas, y: float, name: str, said: str) -> None:
    x, wide = _VPC_X + _PAD + 6, _VPC_WIDE - 2 * _PAD - 12
    canvas.box("data", x, y, wide, _ROW - 6)
    canvas.text("head", x + 10, y + 19, name, 60)
    canvas.text("small", x + 74, y + 19, said, wide - 84)


def _draw_callers(canvas: Canvas, settings: Settings) -> float:
    """Who comes in, from the left: the public by the edge, people and pipelines by roles."""
    edge, identity = settings.platform.edge, settings.platform.identity
    lines = ["no public edge", "private callers only"]
    if edge is not None:
        lines = [
            edge.domain,
            "CloudFront, firewall, TLS",
            f"{edge.requests_per_address:,} requests an address",
        ]
        lines.append("in five minutes")
    y = _card(canvas, "edge", _MARGIN, _TOP, _LEFT, "Callers", lines)
    middle = (_TOP + y) / 2
    canvas.arrow(f"M{_MARGIN + _LEFT},{middle:g} H{_VPC_X - 3}")
    people = ["login with a second factor", "roles for an hour, no keys"]
    if identity.automation:
        people += ["CI by its own token"]
    y = _card(canvas, "guard", _MARGIN, y + _GAP, _LEFT, "People and pipelines", people)
    keys = ["a key for each class of data", f"images scanned {settings.platform.registry.scanning.lower()},"]
    keys += ["signed, immutable"]
    return _card(canvas, "guard", _MARGIN, y + _GAP, _LEFT, "Keys and images", keys)


def _draw_lake(canvas: Canvas, settings: Settings) -> float:
    """Beside the VPC: the lake, its second copy, and what watches."""
    zones = list(words.lake_zones(settings))
    high = 36 + len(zones) * 40
    canvas.arrow(f"M{_VPC_X + _VPC_WIDE},{_TOP + high / 2:g} H{_RIGHT_X - 3}")
    canvas.box("lake", _RIGHT_X, _TOP, _RIGHT, high)
    canvas.text("head", _RIGHT_X + _PAD, _TOP + 22, "Data lake", _RIGHT - 2 * _PAD)
    for row, (name, end, moves) in enumerate(zones):
        y = _TOP + 46 + row * 40
        canvas.text("text", _RIGHT_X + _PAD, y, name, 100)
        canvas.text("small", _RIGHT_X + _PAD + 100, y, end, _RIGHT - 2 * _PAD - 100)
        canvas.text("small", _RIGHT_X + _PAD, y + 15, moves, _RIGHT - 2 * _PAD)
    title, said = words.recovery(settings)
    y = _card(canvas, "lake", _RIGHT_X, _TOP + high + _GAP, _RIGHT, title, [said])
    return _card(canvas, "guard", _RIGHT_X, y + _GAP, _RIGHT, "Audit and operations", words.audit(settings))


def _card(
    canvas: Canvas, kind: Kind, x: float, y: float, wide: float, title: str, lines: Iterable[str]
) -> float:
    """A box with a title and lines of text; returns where it ends."""
    listed = list(lines)
    high = 34 + len(listed) * 18
    canvas.box(kind, x, y, wide, high)
    canvas.text("head", x + _PAD, y + 22, title, wide - 2 * _PAD)
    for row, line in enumerate(listed):
        canvas.text("small", x + _PAD, y + 42 + row * 18, line, wide - 2 * _PAD)
    return y + high


def _draw_tenants(canvas: Canvas, settings: Settings, y: float) -> float:
    """The tenants in a row, as many rows as they need."""
    canvas.text("head", _MARGIN, y, "Tenants", 200)
    a_row, gap = 6, 12
    wide = (_WIDE - 2 * _MARGIN - (a_row - 1) * gap) / a_row
    end = y
    for index, (name, tenant) in enumerate(settings.platform.tenants.items()):
        x = _MARGIN + index % a_row * (wide + gap)
        end = _card(canvas, "tenant", x, y + 12 + index // a_row * 104, wide, name, words.tenant(tenant))
    return end
