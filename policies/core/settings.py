"""What the platform allows: the one file with which the rules are tuned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policies.core.yaml_text import parse_yaml

SETTINGS_FILE = Path(__file__).resolve().parents[1] / "settings.yaml"


class PackError(Exception):
    """A file of the pack is wrong; the message names file, key, value and what is allowed."""


class PackSettings(BaseModel):
    """Lists and limits that rules compare with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trusted_accounts: tuple[Annotated[str, Field(pattern=r"^\d{12}$")], ...] = ()
    """Foreign accounts that policies may name."""
    login_roles: tuple[str, ...] = ("aws-reserved/sso.amazonaws.com/",)
    """How the paths of roles begin that a login gives after a second factor and not else. Nobody but Identity
    Center can make a role below its own."""
    regions: tuple[str, ...] = ("eu-central-1", "eu-west-1", "us-east-1")
    """Regions in which data may lie (GDPR, chapter V); us-east-1 holds global settings only."""
    image_registries: tuple[str, ...] = (
        r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/",
        r"public\.ecr\.aws/karpenter/controller[:@]",
    )
    """Patterns of the registries that images may come from, from the beginning of the reference."""
    exempt_namespaces: tuple[str, ...] = ("kube-system", "gpu-operator")
    """Namespaces of the cluster's own operators, which need what workloads must not have; fenced by RBAC."""
    host_paths: tuple[str, ...] = ()
    """Host paths that workloads may mount."""
    capabilities: tuple[str, ...] = ()
    """Linux capabilities that a container may add."""
    token_holders: tuple[str, ...] = ("karpenter/karpenter",)
    """Service accounts whose pods may hold a token for the Kubernetes API, as `namespace/name`."""
    machine_roles: tuple[str, ...] = (r"arn:aws[a-z-]*:iam::\d{12}:role/groundplan-[a-z0-9-]+-elastic-node",)
    """Patterns of roles that a launcher of machines may hand to them; EKS-14 says what such a role holds."""
    kubernetes_versions: tuple[str, ...] = ("1.33", "1.34", "1.35", "1.36")
    """Versions of EKS in standard support in November 2026."""
    kafka_versions: tuple[str, ...] = (
        "3.8.x",
        "3.8.x.kraft",
        "3.9.x",
        "3.9.x.kraft",
        "4.0.x.kraft",
        "4.1.x.kraft",
    )
    """Versions of MSK that get fixes."""
    postgresql_versions: tuple[str, ...] = ("16.9", "17.5")
    """Minor versions of PostgreSQL that databases may be pinned to."""
    gpu_families: tuple[str, ...] = ("g5", "g6", "g6e", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200")
    """Families of GPU instances that the platform was sized for."""
    gpu_nodes_max: Annotated[int, Field(ge=1)] = 100
    """Most nodes of one GPU pool."""
    session_seconds_max: Annotated[int, Field(ge=900)] = 43200
    """Longest session of a role."""
    log_retention_days: dict[str, Annotated[int, Field(ge=1)]] = {"dev": 7, "staging": 30, "prod": 365}
    """Shortest retention of log groups, by environment."""
    lock_days: Annotated[int, Field(ge=1)] = 365
    """Shortest object lock of audit records in prod."""
    personal_classes: tuple[str, ...] = ("personal", "internal", "raw", "curated", "checkpoints")
    """Values of the tag `DataClass` of buckets that may hold personal data, or what was made from it."""
    data_class_groups: dict[str, str] = {
        "personal": "lake",
        "internal": "lake",
        "raw": "lake",
        "curated": "lake",
        "models": "models",
        "checkpoints": "models",
        "settings": "audit",
    }
    """Which classes of buckets may share a key; a class without a group has one of its own."""
    erasure_days: Annotated[int, Field(ge=1)] = 30
    """Longest life of replaced and deleted personal data (GDPR, article 17: without undue delay)."""
    secret_readers: tuple[str, ...] = ()
    """Kubernetes roles that may read Secrets, create pods in others' names, or reach nodes."""
    not_evaluated_budget: dict[str, Annotated[int, Field(ge=0)]] = {"dev": 0, "staging": 0, "prod": 0}
    """Mandatory checks that a preview may leave open, by environment: what the first preview of an empty
    account cannot know. An update, and the audit of a state, may leave none open."""


def load_settings(file: Path = SETTINGS_FILE) -> PackSettings:
    """The settings in a file.

    Raises:
        PackError: the file cannot be read, or a key or value is wrong.
    """
    try:
        return PackSettings.model_validate(parse_yaml(file.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise PackError(f"{file}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise PackError(f"{file} is no YAML: {error}") from None
    except ValidationError as error:
        raise PackError(f"{file}: {explain(error, PackSettings)}") from None


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """The first mistake of a file in one sentence, with the keys that there are."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"]) or "the document"
    if first["type"] == "extra_forbidden":
        return f"{key}: there is no such key; allowed are {', '.join(model.model_fields)}"
    return f"{key}: {first['msg']}"
