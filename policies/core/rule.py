"""What a rule is: metadata for people and auditors, and one check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from policies.core.resources import STACK, Resource, Stack
from policies.core.settings import PackSettings


class Severity(StrEnum):
    """How bad it is to break a rule."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Level(StrEnum):
    """What a finding does in an environment."""

    OFF = "off"
    ADVISORY = "advisory"
    MANDATORY = "mandatory"


class Framework(StrEnum):
    """The frameworks that rules are mapped to; `frameworks/` has the ids of each."""

    CIS_AWS = "CIS AWS 5.0"
    CIS_EKS = "CIS EKS 1.8"
    HIPAA = "HIPAA"
    GDPR = "GDPR"
    SOC2 = "SOC 2"
    PCI_DSS = "PCI DSS 4.0"
    NIST = "NIST 800-53 r5"


@dataclass(frozen=True, kw_only=True)
class Enforcement:
    """The level in each environment. An environment with another name is treated like prod."""

    dev: Level
    staging: Level
    prod: Level

    def in_environment(self, environment: str) -> Level:
        """The level in one environment."""
        return {"dev": self.dev, "staging": self.staging}.get(environment, self.prod)


ALWAYS = Enforcement(dev=Level.MANDATORY, staging=Level.MANDATORY, prod=Level.MANDATORY)
FROM_STAGING = Enforcement(dev=Level.ADVISORY, staging=Level.MANDATORY, prod=Level.MANDATORY)
IN_PROD = Enforcement(dev=Level.ADVISORY, staging=Level.ADVISORY, prod=Level.MANDATORY)
PROD_ONLY = Enforcement(dev=Level.OFF, staging=Level.ADVISORY, prod=Level.MANDATORY)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One violation.

    Args:
        path: the property that breaks the rule, from the resource's properties on.
        message: what is wrong, without any value that could be a secret.
        key: names it among the findings of one rule on one resource (a statement's Sid, a container's name),
            so that a waiver can cover it alone.
    """

    path: str
    message: str
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a check may look at beside its subject.

    Args:
        environment: name of the stack: dev, staging, prod.
        settings: what the platform allows: `policies/settings.yaml`.
        stack: all resources; checks may use it only if their rule `needs_stack`.
    """

    environment: str
    settings: PackSettings
    stack: Stack = field(default_factory=lambda: Stack(()))


Check = Callable[[Resource, Context], Iterator[Finding]]
Rewrite = Callable[[Mapping[str, Any], Context], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One control.

    Args:
        id: short, stable, e.g. `S3-03`.
        title: what must hold, as a sentence.
        severity: how bad it is to break it.
        why: the risk.
        remediation: what to do, in words of this project's settings where there are any.
        frameworks: control ids by framework.
        equivalents: checks of other auditors that ask the same: `CKV_…` (checkov), `prowler:…`, `FSBP …`.
        enforcement: the level in each environment.
        types: type tokens of the resources it judges, each its own subject. `STACK` judges the whole.
            A `*` at its end stands for the rest: `kubernetes:*` judges every Kubernetes object.
        applies: which resources of these types are subjects; the others are neither passed nor failed.
            None: all of them.
        check: yields the violations of one subject.
        needs_stack: the check looks at other resources: it runs once, after the program.
        rewrite: returns the properties with the violation mended, where that is safe.
        cel: for Kubernetes rules, what the API server asks of each container: an expression in CEL that
            is true if container `c` of pod `p` (its spec) keeps the rule; `variables.settings.KEY` is a list
            of the pack's settings. `policies/admission.py` makes an admission policy of it.
        cel_pod: the same, asked once of each pod `p`.
    """

    id: str
    title: str
    severity: Severity
    why: str
    remediation: str
    frameworks: Mapping[Framework, Sequence[str]]
    equivalents: Sequence[str] = ()
    enforcement: Enforcement
    types: Sequence[str]
    applies: Callable[[Resource], bool] | None = None
    check: Check
    needs_stack: bool = False
    rewrite: Rewrite | None = None
    cel: str | None = None
    cel_pod: str | None = None

    def judges(self, resource: Resource) -> bool:
        """Whether a resource is a subject of this rule."""
        return self.judges_type(resource.type) and self.takes(resource)

    def judges_type(self, token: str) -> bool:
        """Whether resources of a type may be subjects of this rule."""
        return any(
            token == type_ or (type_.endswith("*") and token.startswith(type_[:-1])) for type_ in self.types
        )

    def takes(self, resource: Resource) -> bool:
        """Whether a resource of its types is a subject of this rule."""
        return self.applies is None or self.applies(resource)

    @property
    def asks_for_existence(self) -> bool:
        """Whether its subject is the stack itself."""
        return STACK in self.types
