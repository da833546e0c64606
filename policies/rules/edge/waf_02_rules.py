"""WAF-02: web firewalls stop floods and known attacks."""

from __future__ import annotations

import math
from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View

ATTACKS = "AWSManagedRulesKnownBadInputsRuleSet"
"""Log4j and its like: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html."""


def check(firewall: Resource, context: Context) -> Iterator[Finding]:
    """One that lets in what no rule names has a limit of requests and AWS' rules, and both refuse."""
    del context
    if "block" in firewall.view.object("defaultAction").keys():  # noqa: SIM118 - a method of View
        return
    rules = firewall.view.objects("rules")
    if not any(_limits(rule) for rule in rules):
        yield Finding(path="rules", message="no limit of requests for an address", key="rate")
    if not any(_refuses_attacks(rule) for rule in rules):
        yield Finding(path="rules", message=f"{ATTACKS} is missing, or only counts", key="attacks")


def _limits(rule: View) -> bool:
    limit = rule.number("statement.rateBasedStatement.limit", math.inf)
    return limit < math.inf and _does(rule, "action", "block")


def _refuses_attacks(rule: View) -> bool:
    name = rule.text("statement.managedRuleGroupStatement.name")
    return name == ATTACKS and not _does(rule, "overrideAction", "count")


def _does(rule: View, kind: str, action: str) -> bool:
    return action in rule.object(kind).keys()  # noqa: SIM118 - a method of View


RULE = Rule(
    id="WAF-02",
    title="Web firewalls refuse floods of one address, and requests that are known attacks.",
    severity=Severity.HIGH,
    why="A firewall without such rules lets in everything; one caller can then use up all GPUs.",
    remediation=(
        "Add a rate_based_statement that blocks, and AWS' known bad inputs; see infra/aws/web_acl.py."
    ),
    frameworks={
        Framework.SOC2: ("CC6.6",),
        Framework.PCI_DSS: ("6.4.2",),
        Framework.NIST: ("SC-5", "SI-10"),
    },
    equivalents=(
        "CKV_AWS_175",
        "CKV_AWS_192",
        "FSBP WAF.10",
        "prowler:wafv2_webacl_with_rules",
        "prowler:wafv2_webacl_managed_rule_groups_enabled",
    ),
    enforcement=FROM_STAGING,
    types=("aws:wafv2/webAcl:WebAcl",),
    check=check,
)
