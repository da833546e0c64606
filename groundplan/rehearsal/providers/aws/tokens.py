"""Type tokens: pulumi-aws' own (`aws:ec2/vpc:Vpc`) to the bridge's (`aws:index/vpc:Vpc`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import MappingProxyType

from groundplan.rehearsal.providers.aws.bridge_schema import BridgeSchema

_TOKEN = re.compile(r"aws:(?P<module>\w+)/\w+:(?P<name>\w+)")

_EXCEPTIONS = MappingProxyType(
    {
        "aws:alb/loadBalancer:LoadBalancer": "Lb",
        "aws:amp/workspace:Workspace": "PrometheusWorkspace",
        "aws:cfg/deliveryChannel:DeliveryChannel": "ConfigDeliveryChannel",
        "aws:cfg/recorder:Recorder": "ConfigConfigurationRecorder",
        "aws:cfg/recorderStatus:RecorderStatus": "ConfigConfigurationRecorderStatus",
        "aws:cfg/rule:Rule": "ConfigConfigRule",
        "aws:cloudtrail/trail:Trail": "Cloudtrail",
        "aws:costexplorer/anomalyMonitor:AnomalyMonitor": "CeAnomalyMonitor",
        "aws:costexplorer/anomalySubscription:AnomalySubscription": "CeAnomalySubscription",
        "aws:ec2transitgateway/vpcAttachment:VpcAttachment": "Ec2TransitGatewayVpcAttachment",
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "IamOpenidConnectProvider",
        "aws:lb/loadBalancer:LoadBalancer": "Lb",
        "aws:lb/listener:Listener": "LbListener",
        "aws:lb/targetGroup:TargetGroup": "LbTargetGroup",
        "aws:rds/subnetGroup:SubnetGroup": "DbSubnetGroup",
        "aws:s3/bucketObjectv2:BucketObjectv2": "S3Object",
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "S3BucketReplicationConfiguration",
    }
)
"""Tokens that follow no rule, to the bridge's name of the resource. A contract test over what `infra/` uses
tells which line is missing."""

_MODULE_PREFIXES = MappingProxyType({"cfg": "Config", "costexplorer": "Ce", "amp": "Prometheus"})
"""Modules that terraform-provider-aws calls otherwise."""


class Tokens:
    """Finds the bridge's token for one of the SDK.

    Args:
        schema: what the bridge has.
    """

    def __init__(self, schema: BridgeSchema) -> None:
        self._schema = schema
        self.bridged = lru_cache(maxsize=None)(self._bridged)
        """The bridge's token of a resource or function, or None if it has nothing alike."""

    def _bridged(self, token: str) -> str | None:
        return next((found for found in candidates(token) if self._schema.has(found)), None)


def candidates(token: str) -> Iterator[str]:
    """What the bridge may call a resource or function, likeliest first."""
    if token in _EXCEPTIONS:
        yield _index_token(_EXCEPTIONS[token])
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return
    module, name = parts["module"], parts["name"]
    is_function = name.startswith("get")
    stem = name.removeprefix("get") if is_function else name
    make: Callable[[str], str] = _function_token if is_function else _index_token
    for plain in dict.fromkeys((stem, stem.removesuffix("V2"))):
        if module != "index":
            yield make(_MODULE_PREFIXES.get(module, module.capitalize()) + plain)
        yield make(plain)


def _index_token(name: str) -> str:
    return f"aws:index/{name[0].lower()}{name[1:]}:{name}"


def _function_token(name: str) -> str:
    return f"aws:index/get{name}:get{name}"
