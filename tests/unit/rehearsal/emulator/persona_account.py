"""An account as the program leaves it for the personas, from the component's own policy documents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pulumi

from infra.aws import key_policies
from infra.aws.access_points import access_point_name, access_point_policy, accesses
from infra.aws.account import Account
from infra.aws.bucket_policies import this_key_only, through_access_points, tls_only
from infra.aws.catalogue import database_name, workgroup_name
from infra.aws.documents import Statement
from infra.aws.lake import bucket_name
from infra.aws.permissions_boundary import boundary
from infra.aws.persona_policies import PersonaScope, persona_policy
from infra.aws.persona_trust import people_trust, pipeline_trust
from infra.conventions import TENANT_PERSONAS, Persona
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, DEPLOYER, REGION, Emulated

ENVIRONMENT = "dev"
TENANT = "vision"
ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
SUBJECT = "repo:groundplan/groundplan:environment:dev"
ACCOUNT = Account(id=ACCOUNT_ID, partition="aws", region=REGION)
LOGINS = "login-*"
"""Roles that the identity provider of this account gives after a second factor."""
PROVIDER = f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/{ISSUER.removeprefix('https://')}"
BOUNDARY = f"arn:aws:iam::{ACCOUNT_ID}:policy/groundplan-dev-persona-boundary"
ZONES = {
    "raw": "lake",
    "curated": "lake",
    "features": "lake",
    "models": "models",
    "checkpoints": "models",
    "access-logs": None,
}
_IMAGE_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIGURATION = {"digest": "sha256:" + "a" * 64, "size": 1}
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": _IMAGE_TYPE, "config": _CONFIGURATION, "layers": []})


@dataclass(frozen=True)
class PersonaAccount:
    """The account, and the words of the matrix that stand for something in it."""

    aws: Emulated
    words: dict[str, str]


def role_name(persona: str) -> str:
    """Name of a persona's role, as the component makes it."""
    parts = [TENANT, persona] if persona in TENANT_PERSONAS else [persona]
    return "greedy" if persona == "greedy" else "-".join(["groundplan", ENVIRONMENT, *parts])


def role_arn(persona: str) -> str:
    """ARN of a persona's role."""
    return ACCOUNT.role_arn(role_name(persona))


def prepare(aws: Emulated) -> PersonaAccount:
    """Create keys, buckets with an object of two tenants each, repositories, clusters, logs, roles."""
    keys = {name: _create_key(aws) for name in ("lake", "models")}
    versions = {zone: _create_bucket(aws, zone, keys[key] if key else None) for zone, key in ZONES.items()}
    for name in ("groundplan-dev/training", "other/training"):
        aws.client("ecr").create_repository(repositoryName=name)
    aws.client("ecr").put_image(
        repositoryName="groundplan-dev/training", imageManifest=MANIFEST, imageTag="v1"
    )
    aws.client("logs").create_log_group(logGroupName="/groundplan/dev/flow-logs")
    for cluster in ("groundplan-dev", "other"):
        aws.cluster(cluster)
    _create_roles(aws, keys)
    _create_tables(aws)
    doors = _open_access_points(aws)
    buckets = {zone: bucket_name(ENVIRONMENT, zone, ACCOUNT) for zone in ZONES}
    words = {f"{name}_key": arn for name, arn in keys.items()} | buckets
    words["signing_key"] = create_signing_key(aws, "groundplan-dev-vision-training")
    others = {"deployer": DEPLOYER, "boundary": BOUNDARY, "manifest": MANIFEST, "version": versions["raw"]}
    return PersonaAccount(aws, words | others | doors | {"blob": "YmxvYg=="})


def _create_key(aws: Emulated) -> str:
    use = key_policies.used_through("s3", ACCOUNT)
    policy = _text(lambda: key_policies.key_policy(ACCOUNT, ["groundplan-deployer"], use))
    return aws.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]


def create_signing_key(aws: Emulated, signer: str) -> str:
    """Create a key of models, as the component does, with which one role signs; returns its ARN."""
    use = key_policies.used_to_sign(ACCOUNT, signer)
    policy = _text(lambda: key_policies.key_policy(ACCOUNT, ["groundplan-deployer"], use))
    asked = {"KeySpec": "ECC_NIST_P384", "KeyUsage": "SIGN_VERIFY"}
    return aws.client("kms").create_key(Policy=policy, **asked)["KeyMetadata"]["Arn"]


def _text(make: Callable[[], pulumi.Output[str]]) -> str:
    async def awaited() -> str:
        return str(await make().future())

    # In a thread: `asyncio.run` would take this one's event loop away from the tests of Pulumi programs.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(awaited())).result()


def _create_bucket(aws: Emulated, zone: str, key: str | None) -> str:
    """Create one bucket of the lake; returns the version of the object of our tenant."""
    s3, name = aws.client("s3"), bucket_name(ENVIRONMENT, zone, ACCOUNT)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    arn = ACCOUNT.bucket_arn(name)
    statements = tls_only(arn)
    if key:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        statements += [*this_key_only(arn, key), through_access_points(arn, ACCOUNT)]
    s3.put_bucket_policy(Bucket=name, Policy=_document(statements))
    s3.put_object(Bucket=name, Key="audio/part-0", Body=b"data")
    return s3.put_object(Bucket=name, Key="vision/part-0", Body=b"data")["VersionId"]


def _open_access_points(aws: Emulated) -> dict[str, str]:
    """Create the tenant's access points; returns the alias of each as a word of the matrix."""
    control, doors = aws.client("s3control"), {}
    roles = {f"{TENANT}/{persona}": role_arn(persona) for persona in TENANT_PERSONAS}
    for zone, members in accesses([TENANT], roles, {TENANT: {}})[TENANT].items():
        name = access_point_name(ENVIRONMENT, zone, TENANT)
        named = {"AccountId": ACCOUNT_ID, "Name": name}
        bucket = bucket_name(ENVIRONMENT, zone, ACCOUNT)
        doors[f"{zone}_door"] = control.create_access_point(**named, Bucket=bucket)["Alias"]
        policy = access_point_policy(ACCOUNT, name, TENANT, members)
        control.put_access_point_policy(**named, Policy=_document(policy))
    return doors


def _create_tables(aws: Emulated) -> None:
    """Databases, tables and work groups of two tenants, and the database that Glue makes by itself."""
    aws.client("glue").create_database(DatabaseInput={"Name": "default"})
    for tenant in (TENANT, "audio"):
        aws.client("athena").create_work_group(Name=workgroup_name(ENVIRONMENT, tenant))
        database = database_name(ENVIRONMENT, tenant, "curated")
        aws.client("glue").create_database(DatabaseInput={"Name": database})
        aws.client("glue").create_table(DatabaseName=database, TableInput={"Name": "digits"})


def _create_roles(aws: Emulated, keys: dict[str, str]) -> None:
    iam = aws.client("iam")
    iam.create_policy(
        PolicyName="groundplan-dev-persona-boundary", PolicyDocument=_document(boundary(ACCOUNT, ENVIRONMENT))
    )
    iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=[AUDIENCE], ThumbprintList=["a" * 40])
    scope = PersonaScope(
        account=ACCOUNT,
        environment=ENVIRONMENT,
        cluster_name="groundplan-dev",
        lake_key_arn=keys["lake"],
        models_key_arn=keys["models"],
    )
    for persona in Persona:
        tenant = TENANT if persona in TENANT_PERSONAS else None
        trust = people_trust(
            ACCOUNT, people_account=None, login_roles=[LOGINS], mfa_max_age_s=3600, tenant=tenant
        )
        if persona == Persona.AUTOMATION:
            trust = [pipeline_trust(PROVIDER, issuer=ISSUER, audience=AUDIENCE, subjects=[SUBJECT])]
        _create_role(iam, role_name(persona), trust, persona_policy(scope, persona, TENANT), bounded=True)
    everything = {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}
    anybody: Statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
    _create_role(iam, "greedy", [anybody], [everything], bounded=True)
    roles = [role_arn(persona) for persona in Persona]
    enter = {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
        "Resource": roles,
    }
    for login, tenant in (("login-vision", TENANT), ("login-audio", "audio"), ("without-factor", TENANT)):
        _create_role(iam, login, [anybody], [enter], tags=[{"Key": "Tenant", "Value": tenant}])
    _create_role(iam, "login-nothing", [anybody], [], tags=[{"Key": "Tenant", "Value": TENANT}])


def _create_role(
    iam: Any,
    name: str,
    trust: list[Statement],
    statements: list[Statement],
    *,
    bounded: bool = False,
    tags: list[dict[str, str]] | None = None,
) -> None:
    limits = {"PermissionsBoundary": BOUNDARY} if bounded else {}
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=_document(trust),
        MaxSessionDuration=3600,
        Tags=tags or [],
        **limits,
    )
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="persona", PolicyDocument=_document(statements))


def _document(statements: list[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
