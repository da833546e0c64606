"""What network ACLs let in."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.networks import is_world
from policies.core.resources import Resource
from policies.core.values import View

ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
ACLS = ("aws:ec2/networkAcl:NetworkAcl", "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl")
_TCP = {"-1", "all", "tcp", "6"}


def lets_in(acl: Resource, port: int) -> bool:
    """Whether the internet gets to a TCP port: the entry with the lowest number decides."""
    if acl.type == ACL_RULE:
        view = acl.view
        inward = not view.flag("egress") and view.text("ruleAction").lower() == "allow"
        return inward and _is_about(view, port)
    entries = sorted(acl.view.objects("ingress"), key=lambda entry: entry.number("ruleNo"))
    return next(
        (entry.text("action").lower() == "allow" for entry in entries if _is_about(entry, port)), False
    )


def _is_about(entry: View, port: int) -> bool:
    if not any(is_world(each) for each in _ranges(entry)):
        return False
    protocol = entry.text("protocol").lower()
    if protocol in {"-1", "all"}:
        return True
    return protocol in _TCP and entry.number("fromPort") <= port <= entry.number("toPort")


def _ranges(entry: View) -> Iterator[str]:
    for path in ("cidrBlock", "ipv6CidrBlock"):
        if value := entry.text(path):
            yield value
