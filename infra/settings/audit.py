"""Settings of what watches an environment: records of calls and settings, and detectors of threats."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings import checks
from infra.settings.base import Days, SettingsModel

ThreatFeature = Literal[
    "S3_DATA_EVENTS",
    "EKS_AUDIT_LOGS",
    "EBS_MALWARE_PROTECTION",
    "RDS_LOGIN_EVENTS",
    "LAMBDA_NETWORK_LOGS",
    "RUNTIME_MONITORING",
]
"""Sources of GuardDuty beyond those that it always reads: all but EKS_RUNTIME_MONITORING, which AWS refuses
beside its successor."""
Standard = Literal[
    "aws-foundational-security-best-practices/v/1.0.0", "cis-aws-foundations-benchmark/v/3.0.0"
]
"""Standards of Security Hub: the end of their ARN."""


class AuditSettings(SettingsModel):
    """Who did what (CloudTrail), what was set how (Config), and what looks wrong."""

    lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    """`GOVERNANCE`: a role with `s3:BypassGovernanceRetention` may still delete; `COMPLIANCE`: nobody may."""
    lock_days: Days = 30
    """Days during which a record of the trail can be neither changed nor deleted. Config supports no lock."""
    keep_days: Days = 400
    """Days after which a record of the trail or of Config is deleted; at least `lock_days`."""
    account_services: bool = True
    """Whether this environment sets up what exists once per account and region: Config, GuardDuty, Security
    Hub, Inspector, Access Analyzer, no public bucket, settings of Lake Formation. False for a second
    environment there."""
    recording: Literal["CONTINUOUS", "DAILY"] = "DAILY"
    """How often Config records a change. `CONTINUOUS` costs per change, and GPU nodes come and go."""
    threat_features: tuple[ThreatFeature, ...] = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS")
    """What GuardDuty reads beyond CloudTrail, flow logs and DNS; each is billed by volume. The others are
    switched off: a new detector has all but `RUNTIME_MONITORING` on."""
    standards: Annotated[tuple[Standard, ...], Field(min_length=1)] = (
        "aws-foundational-security-best-practices/v/1.0.0",
    )
    """What Security Hub checks against."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        checks.in_order(("lock_days", self.lock_days), ("keep_days", self.keep_days))
        return self
