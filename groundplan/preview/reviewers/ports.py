"""Which addresses would reach ports that they do not reach now: security groups and network policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from groundplan.preview.changes import Change
from groundplan.preview.findings import Finding, Section, Weight
from groundplan.preview.values import UNKNOWN, holds_unknown

_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
_GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
_NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
_ALL_PORTS = (0, 65535)
_ANY_PROTOCOL = "-1"


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Addresses (or a group) that reach ports.

    Args:
        source: a CIDR range, or what stands for one: a group, a prefix list.
        protocol: `tcp`, `udp`, ...; `-1` for any.
        ports: first and last.
    """

    source: str
    protocol: str
    ports: tuple[int, int]

    def __str__(self) -> str:
        first, last = self.ports
        if self.protocol == _ANY_PROTOCOL or self.ports == _ALL_PORTS:
            what = "all ports"
        else:
            what = f"{self.protocol} {first}" + (f" to {last}" if last != first else "")
        return f"{self.source}: {what}"


def review(changes: Sequence[Change]) -> Iterator[Finding]:
    """A finding for each resource that lets more in, and for each network policy that is gone."""
    for change in changes:
        if change.operation == "delete" and change.type == _NETWORK_POLICY:
            yield _finding(change, Weight.DANGER, "would be deleted: its pods could be reached by all.")
        if change.operation in {None, "delete"}:
            continue
        before, after = _openings(change.type, change.old), _openings(change.type, change.new)
        gained = [new for new in after if not any(_covers(old, new) for old in before)]
        if gained:
            weight = max((_weight(each) for each in gained), key=_rank)
            facts = tuple(f"+ {opening}" for opening in sorted(set(map(str, gained))))
            yield _finding(change, weight, "would let in more.", facts)


def _openings(type_: str, properties: Mapping[str, Any] | None) -> list[Opening]:
    if not properties:
        return []
    if type_ == _RULE:
        return list(_of_rule(properties))
    if type_ == _OLD_RULE:
        return list(_of_block(properties)) if properties.get("type") == "ingress" else []
    if type_ in _GROUPS:
        return [opening for block in properties.get("ingress") or [] for opening in _of_block(block)]
    if type_ == _NETWORK_POLICY:
        return list(_of_network_policy(properties))
    return []


def _of_rule(rule: Mapping[str, Any]) -> Iterator[Opening]:
    for key in ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"):
        if rule.get(key):
            yield _opening(rule[key], rule)


def _of_block(block: Mapping[str, Any]) -> Iterator[Opening]:
    groups = block.get("securityGroups") or [block.get("sourceSecurityGroupId")]
    ranges = [*(block.get("cidrBlocks") or []), *(block.get("ipv6CidrBlocks") or [])]
    for source in (*ranges, *(block.get("prefixListIds") or []), *filter(None, groups)):
        yield _opening(source, {**block, "ipProtocol": block.get("protocol")})
    if block.get("self"):
        yield _opening("the group itself", {**block, "ipProtocol": block.get("protocol")})


def _opening(source: str, rule: Mapping[str, Any]) -> Opening:
    protocol = str(rule.get("ipProtocol") or _ANY_PROTOCOL)
    first, last = rule.get("fromPort"), rule.get("toPort")
    known = isinstance(first, int | float) and isinstance(last, int | float) and protocol != _ANY_PROTOCOL
    ports = (int(first), int(last)) if known else _ALL_PORTS
    return Opening(source=UNKNOWN if holds_unknown(source) else source, protocol=protocol, ports=ports)


def _of_network_policy(properties: Mapping[str, Any]) -> Iterator[Opening]:
    for rule in (properties.get("spec") or {}).get("ingress") or []:
        ports = rule.get("ports") or [{}]
        for peer in rule.get("from") or [{"ipBlock": {"cidr": "0.0.0.0/0"}}]:
            block = peer.get("ipBlock")
            for port in ports:
                number = port.get("port")
                yield Opening(
                    source=block["cidr"] if block else _selected(peer),
                    protocol=str(port.get("protocol") or "TCP").lower() if number else _ANY_PROTOCOL,
                    ports=(number, port.get("endPort") or number) if isinstance(number, int) else _ALL_PORTS,
                )


def _selected(peer: Mapping[str, Any]) -> str:
    parts = []
    for key, word in (("namespaceSelector", "namespaces"), ("podSelector", "pods")):
        if key in peer:
            labels = (peer[key] or {}).get("matchLabels") or {}
            chosen = ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))
            parts.append(f"{word} {chosen or 'all'}")
    return ", ".join(parts)


def _covers(old: Opening, new: Opening) -> bool:
    if old.protocol not in (new.protocol, _ANY_PROTOCOL):
        return False
    if not (old.ports[0] <= new.ports[0] and new.ports[1] <= old.ports[1]):
        return False
    if old.source == new.source:
        return True
    try:
        wide, narrow = ip_network(old.source), ip_network(new.source)
    except ValueError:
        return False
    return wide.version == narrow.version and narrow.subnet_of(wide)  # ty: ignore[invalid-argument-type] - versions are equal


def _weight(opening: Opening) -> Weight:
    """Addresses of the internet are a danger, private and shared ones want a look, groups are none."""
    try:
        network = ip_network(opening.source)
    except ValueError:
        return Weight.NOTE
    return Weight.DANGER if network.is_global else Weight.WARNING


def _rank(weight: Weight) -> int:
    return (Weight.NOTE, Weight.WARNING, Weight.DANGER).index(weight)


def _finding(change: Change, weight: Weight, text: str, facts: tuple[str, ...] = ()) -> Finding:
    return Finding(
        section=Section.EXPOSURE,
        weight=weight,
        subject=f"{change.kind} {change.name}",
        urn=change.urn,
        text=text,
        facts=facts,
    )
