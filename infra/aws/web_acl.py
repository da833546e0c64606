"""The firewall in front of CloudFront: AWS' managed rules, and a limit for each address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi import Input, Output
from pulumi_aws.wafv2.web_acl import WebAcl
from pulumi_aws.wafv2.web_acl_logging_configuration import WebAclLoggingConfiguration

if TYPE_CHECKING:
    from pulumi_aws.wafv2 import WebAclRuleArgsDict, WebAclVisibilityConfigArgsDict

_MANAGED_GROUPS = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
)
"""https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html"""
_COUNTED = {"AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",)}
"""Rules that only count: bodies of requests for inference are larger than the 8 KiB that it allows."""
_WINDOW_S = 300


def create_web_acl(
    name: str, *, requests_per_address: int, log_group_arn: Input[str], opts: pulumi.ResourceOptions
) -> Output[str]:
    """Create the firewall, with its log, and return its ARN.

    Args:
        name: of the firewall and of its metrics.
        requests_per_address: requests of one address in five minutes above which it is refused.
        log_group_arn: a log group whose name begins with `aws-waf-logs-`.
        opts: options of all resources; their provider is that of us-east-1, where CloudFront's are.
    """
    acl = WebAcl(
        name,
        name=name,
        description="Requests to CloudFront",
        scope="CLOUDFRONT",
        default_action={"allow": {}},
        rules=[
            _rate_rule(requests_per_address),
            *(_managed_rule(group, number) for number, group in enumerate(_MANAGED_GROUPS, start=1)),
        ],
        visibility_config=_visible(name),
        opts=opts,
    )
    WebAclLoggingConfiguration(
        name,
        resource_arn=acl.arn,
        log_destination_configs=[log_group_arn],
        # Keys and cookies of callers are no part of a log.
        redacted_fields=[{"single_header": {"name": header}} for header in ("authorization", "cookie")],
        opts=opts,
    )
    return acl.arn


def _rate_rule(requests: int) -> WebAclRuleArgsDict:
    """First, so that a flood is not even looked into."""
    return {
        "name": "requests-per-address",
        "priority": 0,
        "action": {"block": {}},
        "statement": {
            "rate_based_statement": {
                "limit": requests,
                "aggregate_key_type": "IP",
                "evaluation_window_sec": _WINDOW_S,
            }
        },
        "visibility_config": _visible("requests-per-address"),
    }


def _managed_rule(group: str, priority: int) -> WebAclRuleArgsDict:
    return {
        "name": group,
        "priority": priority,
        "override_action": {"none": {}},
        "statement": {
            "managed_rule_group_statement": {
                "vendor_name": "AWS",
                "name": group,
                "rule_action_overrides": [
                    {"name": rule, "action_to_use": {"count": {}}} for rule in _COUNTED.get(group, ())
                ],
            }
        },
        "visibility_config": _visible(group),
    }


def _visible(metric: str) -> WebAclVisibilityConfigArgsDict:
    return {
        "cloudwatch_metrics_enabled": True,
        "metric_name": metric,
        "sampled_requests_enabled": True,
    }
