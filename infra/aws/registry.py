"""The container registry: one repository per service, with immutable tags, scanned and signed images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.ecr.lifecycle_policy import LifecyclePolicy
from pulumi_aws.ecr.registry_scanning_configuration import RegistryScanningConfiguration
from pulumi_aws.ecr.repository import Repository
from pulumi_aws.signer.signing_profile import SigningProfile

from infra.conventions import PROJECT, ComponentType, physical_name, registered, signing_profile

_SIGNATURES = "Notation-OCI-SHA384-ECDSA"
"""Signatures beside the image in the registry, checked by Notation or an admission controller."""
_UNTAGGED_DAYS = 7
_KEPT_IMAGES = 100
"""Enough releases to roll back to; far more than a node group's longest update."""


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """What the registry is made from.

    Args:
        environment: part of every name.
        services: the deployables that have an image.
        key_arn: KMS key of the images.
        scanning: of the whole registry, `BASIC` when pushed or `ENHANCED` again and again; None leaves it to
            another environment of the account.
        signing_profile: number in the name of the profile that signs images.
        signature_months: how long a signature is valid.
        protect: refuse to delete repositories; without it they are deleted together with their images.
    """

    environment: str
    services: Sequence[str]
    key_arn: Input[str]
    scanning: str | None
    signing_profile: int
    signature_months: int
    protect: bool


@dataclass(frozen=True, kw_only=True)
class RegistryOutputs:
    """URL of each service's repository, without tag or digest, and the profile that signs images."""

    repository_urls: dict[str, Output[str]]
    signing_profile_arn: Output[str]


class Registry(pulumi.ComponentResource):
    """Image repositories, scanned on push; an image that was pushed under a tag stays what it is."""

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.REGISTRY, name, None, opts)
        self._args = args
        if args.scanning:
            self._scan(args.scanning)
        self.outputs = RegistryOutputs(
            repository_urls={service: self._create_repository(service) for service in args.services},
            signing_profile_arn=self._create_signing_profile(),
        )
        self.register_outputs(registered(self.outputs))

    def _scan(self, scanning: str) -> None:
        """Once per account and region: every repository, so that none is forgotten."""
        frequency = "CONTINUOUS_SCAN" if scanning == "ENHANCED" else "SCAN_ON_PUSH"
        RegistryScanningConfiguration(
            physical_name(self._args.environment, "scanning"),
            scan_type=scanning,
            rules=[
                {
                    "scan_frequency": frequency,
                    "repository_filters": [{"filter": "*", "filter_type": "WILDCARD"}],
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _create_signing_profile(self) -> Output[str]:
        """AWS keeps a cancelled profile, and so its name, for two years: hence the number."""
        args = self._args
        profile = SigningProfile(
            physical_name(self._args.environment, "images"),
            name=signing_profile(args.environment, str(args.signing_profile)),
            platform_id=_SIGNATURES,
            signature_validity_period={"type": "MONTHS", "value": args.signature_months},
            opts=pulumi.ResourceOptions(parent=self),
        )
        return profile.arn

    def _create_repository(self, service: str) -> Output[str]:
        args = self._args
        repository = Repository(
            service,
            name=f"{PROJECT}-{args.environment}/{service}",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.key_arn}],
            force_delete=not args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        LifecyclePolicy(
            service,
            repository=repository.name,
            policy=json.dumps({"rules": [_expire_untagged(), _keep_newest()]}),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return repository.repository_url


def _expire_untagged() -> dict:
    return {
        "rulePriority": 1,
        "description": f"Untagged images go after {_UNTAGGED_DAYS} days",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": _UNTAGGED_DAYS,
        },
        "action": {"type": "expire"},
    }


def _keep_newest() -> dict:
    """Of releases only: signatures, attestations and the images of an index have no tag, and go with theirs.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
    """
    return {
        "rulePriority": 2,
        "description": f"The newest {_KEPT_IMAGES} tagged images stay",
        "selection": {
            "tagStatus": "tagged",
            "tagPatternList": ["*"],
            "countType": "imageCountMoreThan",
            "countNumber": _KEPT_IMAGES,
        },
        "action": {"type": "expire"},
    }
