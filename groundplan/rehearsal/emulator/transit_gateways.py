"""Transit gateways that others own: a VPC is attached to one that was there before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.transit_gateway import TransitGateway
from moto.ec2.responses import EC2Response

from groundplan.rehearsal.emulator.ec2_things import keep_tags
from groundplan.rehearsal.emulator.patching import wrap

NETWORK_ACCOUNT = "210987654321"
"""Owns what is shared with the account of a rehearsal."""
_DELETED = "deleted"


class SharedTransitGateway(TransitGateway):
    """One of the network's account, which has shared it and accepts attachments by itself."""

    @property
    def owner_id(self) -> str:
        """Not the account that sees it."""
        return NETWORK_ACCOUNT


def install() -> None:
    """Apply all; a second call changes nothing."""
    wrap(EC2Backend, "create_transit_gateway_vpc_attachment", _attach)
    wrap(EC2Backend, "delete_transit_gateway_vpc_attachment", _detach)
    wrap(EC2Response, "create_transit_gateway_vpc_attachment", _keep_tags)


def _attach(
    original: Callable[..., Any], backend: Any, transit_gateway_id: str, *args: Any, **named: Any
) -> Any:
    """Attach a VPC; a gateway that nobody made here is there."""
    if transit_gateway_id not in backend.transit_gateways:
        gateway: Any = backend.create_transit_gateway("leads to networks outside AWS")
        del backend.transit_gateways[gateway.id]
        gateway.__class__, gateway.id = SharedTransitGateway, transit_gateway_id
        backend.transit_gateways[transit_gateway_id] = gateway
    attachments = backend.transit_gateway_attachments
    for name in [name for name, one in attachments.items() if one.state == _DELETED]:
        del attachments[name]
    return original(backend, transit_gateway_id, *args, **named)


def _detach(original: Callable[..., Any], backend: Any, transit_gateway_attachment_id: str) -> Any:
    """Delete an attachment, and go on telling of it: whoever waits for its end looks for this state."""
    attachment = original(backend, transit_gateway_attachment_id)
    backend.transit_gateway_attachments[transit_gateway_attachment_id] = attachment
    return attachment


def _keep_tags(original: Callable[..., Any], response: Any) -> Any:
    """Keep the attachment's tags, which moto looks for under another kind of resource."""
    answer = original(response)
    keep_tags(response, answer.result["TransitGatewayVpcAttachment"].id)
    return answer
