"""A key of KMS as all of ours are: turned over each year, and not gone at once."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi import Input, Output
from pulumi_aws.kms.alias import Alias
from pulumi_aws.kms.key import Key

from infra.aws.account import Account
from infra.aws.documents import Statement
from infra.aws.key_policies import key_policy
from infra.conventions import PROJECT, physical_name


def create_class_key(
    data_class: str,
    *,
    environment: str,
    account: Account,
    administrators: Sequence[str],
    protects: str,
    use: Sequence[Statement],
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> Output[str]:
    """Create the key of a class of data, and an alias of the same name; returns the key's ARN.

    Args:
        data_class: part of both names, and a tag.
        environment: part of both names.
        account: where they are created.
        administrators: names of the IAM roles that may manage the key, but not decrypt with it.
        protects: what is encrypted with it, for people.
        use: who may use it.
        protect: refuse to delete it.
        opts: options of key and alias; they name the parent.
    """
    name = physical_name(environment, data_class)
    key = create_key(
        name,
        protects=protects,
        policy=key_policy(account, administrators, use),
        data_class=data_class,
        protect=protect,
        opts=opts,
    )
    create_alias(name, key, environment=environment, purpose=data_class, opts=opts)
    return key.arn


def create_alias(
    name: str, key: Key, *, environment: str, purpose: str, opts: pulumi.ResourceOptions
) -> None:
    """Give a key a name for people, which ends in its purpose."""
    alias = f"alias/{PROJECT}/{environment}/{purpose}"
    Alias(name, name=alias, target_key_id=key.key_id, opts=opts)


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


def create_signing_key(
    name: str,
    *,
    signs: str,
    policy: Input[str],
    tenant: str,
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> Key:
    """Create a key that signs and encrypts nothing. KMS cannot turn one over: signatures outlive a year.

    Args:
        name: its name in Pulumi, and the beginning of its description.
        signs: what is signed with it, for people.
        policy: who may administer and use it, as a document.
        tenant: whose it is; becomes a tag.
        protect: refuse to delete it; without it, AWS waits the shortest time it can.
        opts: options of the key; they name the parent.
    """
    return Key(
        name,
        description=f"{name}: {signs}",
        customer_master_key_spec="ECC_NIST_P384",
        key_usage="SIGN_VERIFY",
        deletion_window_in_days=30 if protect else 7,
        policy=policy,
        tags={"Tenant": tenant},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect)),
    )
