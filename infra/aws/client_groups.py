"""Security groups of what private networks may reach, and the rules that let them in."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi import Input
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.vpc.security_group_ingress_rule import SecurityGroupIngressRule


def create_group(
    name: str, *, description: str, vpc_id: Input[str], opts: pulumi.ResourceOptions
) -> SecurityGroup:
    """A security group that lets nobody in yet, named alike in Pulumi, in AWS and in its tag."""
    return SecurityGroup(
        name, name=name, description=description, vpc_id=vpc_id, tags={"Name": name}, opts=opts
    )


def admit(
    rule: str,
    group: SecurityGroup,
    *,
    service: str,
    port: int,
    address_range: str,
    opts: pulumi.ResourceOptions,
) -> None:
    """Let one range reach one TCP port.

    Args:
        rule: Pulumi's name of the rule.
        group: whom it is to reach.
        service: what answers there, for people.
        port: the port.
        address_range: who is let in.
        opts: options of the rule; they name the parent.
    """
    SecurityGroupIngressRule(
        rule,
        security_group_id=group.id,
        description=f"{service} from {address_range}",
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        cidr_ipv4=address_range,
        opts=opts,
    )


def create_client_group(
    name: str,
    *,
    description: str,
    vpc_id: Input[str],
    service: str,
    port: int,
    client_ranges: Sequence[str],
    opts: pulumi.ResourceOptions,
) -> SecurityGroup:
    """A security group in which one service answers on one port, to some ranges."""
    group = create_group(name, description=description, vpc_id=vpc_id, opts=opts)
    for number, address_range in enumerate(client_ranges):
        admit(f"{name}-{number}", group, service=service, port=port, address_range=address_range, opts=opts)
    return group
