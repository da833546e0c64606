"""What an environment and its tenants may cost, and what is unusual about its account."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi import Input
from pulumi_aws.budgets.budget import Budget
from pulumi_aws.costexplorer.anomaly_monitor import AnomalyMonitor
from pulumi_aws.costexplorer.anomaly_subscription import AnomalySubscription

_WARN_PERCENT = 80
_LIMIT_PERCENT = 100


def create_budget(
    name: str,
    *,
    limit_usd: int,
    tag: tuple[str, str],
    topic_arn: Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """A monthly budget for all that has a tag; told at 80 % spent, and when 100 % are forecast.

    The tag must be activated as a cost allocation tag in the account that pays.
    """
    key, value = tag
    Budget(
        name,
        name=name,
        budget_type="COST",
        limit_amount=f"{limit_usd}.0",
        limit_unit="USD",
        time_unit="MONTHLY",
        cost_filters=[{"name": "TagKeyValue", "values": [f"user:{key}${value}"]}],
        notifications=[
            {
                "comparison_operator": "GREATER_THAN",
                "notification_type": kind,
                "threshold": threshold,
                "threshold_type": "PERCENTAGE",
                "subscriber_sns_topic_arns": [topic_arn],
            }
            for kind, threshold in (("ACTUAL", _WARN_PERCENT), ("FORECASTED", _LIMIT_PERCENT))
        ],
        opts=opts,
    )


def create_tenant_budgets(
    prefix: str,
    budgets_usd: Mapping[str, int],
    *,
    topic_arn: Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """A budget for each tenant that has one."""
    for tenant, limit_usd in budgets_usd.items():
        create_budget(
            f"{prefix}-{tenant}", limit_usd=limit_usd, tag=("Tenant", tenant), topic_arn=topic_arn, opts=opts
        )


def watch_costs(name: str, *, anomaly_usd: int, topic_arn: Input[str], opts: pulumi.ResourceOptions) -> None:
    """Look for unusual costs of each service of the account; tell those of at least `anomaly_usd` at once.

    By service, because monitors by tags are for the account that pays alone; one per account, as AWS allows.
    https://docs.aws.amazon.com/cost-management/latest/userguide/getting-started-ad.html
    """
    monitor = AnomalyMonitor(
        name, name=name, monitor_type="DIMENSIONAL", monitor_dimension="SERVICE", opts=opts
    )
    AnomalySubscription(
        name,
        name=name,
        # A topic takes single messages only; the daily summary goes to e-mail addresses.
        frequency="IMMEDIATE",
        monitor_arn_lists=[monitor.arn],
        subscribers=[{"type": "SNS", "address": topic_arn}],
        threshold_expression={
            "dimension": {
                "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                "match_options": ["GREATER_THAN_OR_EQUAL"],
                "values": [str(anomaly_usd)],
            }
        },
        opts=opts,
    )
