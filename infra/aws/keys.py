"""A key of KMS as all of ours are: turned over each year, and not gone at once."""

from __future__ import annotations

import pulumi
from pulumi import Input
from pulumi_aws.kms.key import Key


def create_key(
    name: str,
    *,
    protects: str,
    policy: Input[str],
    data_class: str,
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> Key:
    """Create a key.

    Args:
        name: its name in Pulumi, and the beginning of its description.
        protects: what is encrypted with it, for people.
        policy: who may administer and use it, as a document.
        data_class: becomes a tag.
        protect: refuse to delete it; without it, AWS waits the shortest time it can.
        opts: options of the key; they name the parent.
    """
    return Key(
        name,
        description=f"{name}: {protects}",
        enable_key_rotation=True,
        rotation_period_in_days=365,
        deletion_window_in_days=30 if protect else 7,
        policy=policy,
        tags={"DataClass": data_class},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect)),
    )
