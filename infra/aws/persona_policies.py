"""What each persona may do in AWS: identity policies for its tenant's prefixes and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pulumi import Input

from infra.aws.account import Account
from infra.aws.auditor_policy import auditor
from infra.aws.documents import Statement, allow
from infra.aws.lake import bucket_name
from infra.aws.query_policies import queries
from infra.conventions import Persona, physical_name, signing_profile

_READ = ("s3:GetObject",)
_WRITE = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject")
_CHANGE = (*_READ, *_WRITE, "s3:DeleteObject")
ZONE_ACTIONS: Mapping[Persona, Mapping[str, tuple[str, ...]]] = {
    Persona.DATA_SCIENTIST: dict.fromkeys(("curated", "features", "models", "checkpoints"), _READ),
    # What arrived is never deleted by hand.
    Persona.DATA_ENGINEER: {"raw": (*_READ, *_WRITE), "curated": _CHANGE, "features": _CHANGE},
    Persona.ML_ENGINEER: {"curated": _READ, "features": _READ, "models": _CHANGE, "checkpoints": _CHANGE},
}
"""What each persona does with its tenant's objects in which zones of the lake."""
_PULL = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:ListImages",
)
_PUSH = ("ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart")


@dataclass(frozen=True, kw_only=True)
class PersonaScope:
    """What the policies are about.

    Args:
        account: the account.
        environment: part of every name.
        cluster_name: name of the cluster.
        lake_key_arn: KMS key of raw and curated data.
        models_key_arn: KMS key of models and checkpoints.
    """

    account: Account
    environment: str
    cluster_name: str
    lake_key_arn: Input[str]
    models_key_arn: Input[str]


def persona_policy(scope: PersonaScope, persona: Persona, tenant: str = "") -> list[Statement]:
    """The statements of one persona; `tenant` for those that work for one."""
    if persona == Persona.AUDITOR:
        return auditor(scope.account, scope.environment, scope.cluster_name)
    if persona == Persona.AUTOMATION:
        return _automation(scope)
    return _OF_TENANTS[persona](scope, tenant)


def _data_scientist(scope: PersonaScope, tenant: str) -> list[Statement]:
    """Looks at curated data, features, models and checkpoints. Raw data stays with those who clean it."""
    return [
        *_objects(scope, tenant, Persona.DATA_SCIENTIST),
        *queries(scope.account, scope.environment, tenant),
        _key("UseLakeKey", scope, scope.lake_key_arn, write=True),
        _key("UseModelsKey", scope, scope.models_key_arn),
        _find_cluster(scope),
    ]


def _data_engineer(scope: PersonaScope, tenant: str) -> list[Statement]:
    """Takes raw data in and makes curated data and features of it."""
    return [
        *_objects(scope, tenant, Persona.DATA_ENGINEER),
        *queries(scope.account, scope.environment, tenant, write=True),
        _key("UseLakeKey", scope, scope.lake_key_arn, write=True),
        _find_cluster(scope),
    ]


def _ml_engineer(scope: PersonaScope, tenant: str) -> list[Statement]:
    """Trains on curated data and features, keeps models and checkpoints, looks at what images hold."""
    return [
        *_objects(scope, tenant, Persona.ML_ENGINEER),
        *queries(scope.account, scope.environment, tenant),
        _key("UseLakeKey", scope, scope.lake_key_arn, write=True),
        _key("UseModelsKey", scope, scope.models_key_arn, write=True),
        *_images(scope, "PullImages", _PULL),
        _find_cluster(scope),
    ]


def _automation(scope: PersonaScope) -> list[Statement]:
    """Publishes images. Deploying is the deployer's, whose own role names the pipelines that take it.

    The registry signs an image by the rights of whoever pushes it, so these hold those of the signature; see
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html
    """
    profiles = signing_profile(scope.environment, "*")
    looks = ("ecr:DescribeImageScanFindings", "ecr:DescribeImageSigningStatus")
    return [
        *_images(scope, "PublishImages", (*_PULL, *_PUSH, *looks)),
        allow(
            "SignImages",
            actions=["signer:SignPayload"],
            resources=[scope.account.arn("signer", f"/signing-profiles/{profiles}")],
        ),
        _find_cluster(scope),
    ]


_OF_TENANTS: Mapping[Persona, Callable[[PersonaScope, str], list[Statement]]] = {
    Persona.DATA_SCIENTIST: _data_scientist,
    Persona.DATA_ENGINEER: _data_engineer,
    Persona.ML_ENGINEER: _ml_engineer,
}


_VERBS = {_READ: "Read", (*_READ, *_WRITE): "Land", _CHANGE: "Change"}


def _objects(scope: PersonaScope, tenant: str, persona: Persona) -> Iterator[Statement]:
    """Objects below the tenant's prefix in the persona's zones of the lake, and lists of them."""
    zones = ZONE_ACTIONS[persona]
    for actions, verb in _VERBS.items():
        buckets = [
            bucket_name(scope.environment, zone, scope.account) for zone in zones if zones[zone] == actions
        ]
        if buckets:
            yield allow(
                f"{verb}Lists",
                actions=["s3:ListBucket"],
                resources=[scope.account.bucket_arn(bucket) for bucket in buckets],
                conditions={"StringLike": {"s3:prefix": [f"{tenant}/*"]}},
            )
            yield allow(
                f"{verb}Objects",
                actions=actions,
                resources=[scope.account.bucket_arn(bucket, f"{tenant}/*") for bucket in buckets],
            )


def _key(sid: str, scope: PersonaScope, key_arn: Input[str], *, write: bool = False) -> Statement:
    return allow(
        sid,
        actions=["kms:Decrypt", "kms:GenerateDataKey"] if write else ["kms:Decrypt"],
        resources=[key_arn],
        conditions={"StringEquals": {"kms:ViaService": f"s3.{scope.account.region}.amazonaws.com"}},
    )


def _images(scope: PersonaScope, sid: str, actions: tuple[str, ...]) -> list[Statement]:
    repositories = f"repository/{physical_name(scope.environment)}/*"
    return [
        allow(sid, actions=actions, resources=[scope.account.arn("ecr", repositories)]),
        # The action has no resource: https://docs.aws.amazon.com/service-authorization, Amazon ECR.
        allow("LogInToRegistry", actions=["ecr:GetAuthorizationToken"], resources=["*"]),
    ]


def _find_cluster(scope: PersonaScope) -> Statement:
    """Address of the cluster, for `kubectl`; what may be done there is up to Kubernetes."""
    return allow(
        "FindCluster",
        actions=["eks:DescribeCluster"],
        resources=[scope.account.arn("eks", f"cluster/{scope.cluster_name}")],
    )
