"""What rules about KMS keys share."""

from __future__ import annotations

from policies.core.documents import Statement
from policies.core.resources import Resource
from policies.core.rule import Context

KEY = "aws:kms/key:Key"
REPLICA = "aws:kms/replicaKey:ReplicaKey"
EXTERNAL = "aws:kms/externalKey:ExternalKey"
KEYS = (KEY, REPLICA, EXTERNAL)
POLICY = "aws:kms/keyPolicy:KeyPolicy"


def policies_of(key: Resource, context: Context) -> list[tuple[Resource, list[Statement]]]:
    """The policies of a key, its own and those that a KeyPolicy puts in its place, with their statements."""
    apart = context.stack.referring(key, POLICY, "keyId", by=("keyId", "id", "arn"))
    own = [key] if "policy" in key.view else []
    return [(each, each.view.statements("policy")) for each in (*own, *apart)]
