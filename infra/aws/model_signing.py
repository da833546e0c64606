"""Keys that sign models: one for each tenant, with which its training alone signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Output

from infra.aws.account import Account
from infra.aws.key_policies import key_policy, used_to_sign
from infra.aws.keys import create_alias, create_signing_key
from infra.conventions import ComponentType, physical_name, registered

_PURPOSE = "model-signing"


@dataclass(frozen=True, kw_only=True)
class ModelSigningArgs:
    """What the keys are made from.

    Args:
        environment: part of every name.
        account: where they are created.
        administrators: names of the IAM roles that may manage the keys, but not sign with them.
        signers: for each tenant the name of the IAM role that signs its models.
        protect: refuse to delete keys: without one, no model of its tenant can be served any more.
    """

    environment: str
    account: Account
    administrators: Sequence[str]
    signers: dict[str, str]
    protect: bool


@dataclass(frozen=True, kw_only=True)
class ModelSigningOutputs:
    """ARN of each tenant's key."""

    key_arns: dict[str, Output[str]]


class ModelSigning(pulumi.ComponentResource):
    """The right to write to the registry of models is not the right to say what is served."""

    def __init__(self, name: str, args: ModelSigningArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.MODEL_SIGNING, name, None, opts)
        self._args = args
        self.outputs = ModelSigningOutputs(
            key_arns={tenant: self._create_key(tenant, signer) for tenant, signer in args.signers.items()}
        )
        self.register_outputs(registered(self.outputs))

    def _create_key(self, tenant: str, signer: str) -> Output[str]:
        args, opts = self._args, pulumi.ResourceOptions(parent=self)
        name = physical_name(args.environment, tenant, _PURPOSE)
        key = create_signing_key(
            name,
            signs=f"models of tenant {tenant}",
            policy=key_policy(args.account, args.administrators, used_to_sign(args.account, signer)),
            tenant=tenant,
            protect=args.protect,
            opts=opts,
        )
        create_alias(name, key, environment=args.environment, purpose=f"{tenant}/{_PURPOSE}", opts=opts)
        return key.arn
