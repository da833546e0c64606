"""Life-cycle rules of a bucket that hold for all its objects."""

from __future__ import annotations

from policies.core.resources import Resource
from policies.core.rule import Context
from policies.core.values import View
from policies.rules.s3._buckets import LIFECYCLE, settings_of

NARROWER = ("tag", "and", "objectSizeGreaterThan", "objectSizeLessThan")


def whole_bucket_rules(bucket: Resource, context: Context) -> list[View]:
    """Its rules that are enabled and leave out no object."""
    return [
        rule
        for settings in settings_of(bucket, context, LIFECYCLE)
        for rule in settings.view.objects("rules")
        if rule.text("status") == "Enabled" and _holds_for_all(rule)
    ]


def _holds_for_all(rule: View) -> bool:
    filtered = rule.object("filter")
    narrowed = any(key in filtered for key in NARROWER)
    return not narrowed and not filtered.text("prefix") and not rule.text("prefix")
