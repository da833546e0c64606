"""CACHE-02: caches know who asks, and show everybody their own keys only."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity

CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
EVERY_KEY = frozenset({"~*", "allkeys", "%R~*", "%RW~*"})
UNNAMED = "no-password-required"


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """A cache has users; a user proves who it is, and has keys of its own."""
    del context
    view = resource.view
    if resource.type == CACHE:
        if not view.texts("userGroupIds"):
            yield Finding(path="userGroupIds", message="whoever reaches it is let in", key="users")
        return
    words = view.text("accessString").split()
    if "off" in words:
        return
    if view.flag("noPasswordRequired") or view.text("authenticationMode.type") == UNNAMED:
        yield Finding(path="authenticationMode", message="nothing proves who it is", key="password")
    if EVERY_KEY & set(words):
        yield Finding(path="accessString", message="reaches the keys of every tenant", key="keys")


RULE = Rule(
    id="CACHE-02",
    title="Caches let in users by name, each with keys of its own.",
    severity=Severity.HIGH,
    why="A user without a password, or with all keys, reads what every other tenant keeps in the cache.",
    remediation=(
        "Give the cache a user group, its users authentication_mode iam and an access_string with one "
        "tenant's prefix; switch others off."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(a)(1)", "164.312(d)"),
        Framework.GDPR: ("32",),
        Framework.SOC2: ("CC6.1", "CC6.3"),
        Framework.PCI_DSS: ("7.3.1", "8.3.2"),
        Framework.NIST: ("AC-3", "AC-6", "IA-2"),
    },
    equivalents=("CKV_AWS_31", "FSBP ElastiCache.6"),
    enforcement=ALWAYS,
    types=(CACHE, "aws:elasticache/user:User"),
    check=check,
)
