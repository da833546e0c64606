"""What looks for threats and mistakes, once per account and region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws.accessanalyzer.analyzer import Analyzer
from pulumi_aws.guardduty.detector import Detector
from pulumi_aws.guardduty.detector_feature import DetectorFeature
from pulumi_aws.inspector2.enabler import Enabler
from pulumi_aws.securityhub.account import Account as SecurityHub
from pulumi_aws.securityhub.standards_subscription import StandardsSubscription

from infra.aws.account import Account

if TYPE_CHECKING:
    from pulumi_aws.guardduty import DetectorFeatureAdditionalConfigurationArgsDict


def detect(
    name: str,
    *,
    account: Account,
    threat_features: Mapping[str, bool],
    standards: Sequence[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Switch on GuardDuty, Security Hub, Access Analyzer, and Inspector for images and instances."""
    _detect_threats(name, threat_features, opts)
    hub = SecurityHub(
        name,
        # Standards are named one by one, and a new control is not switched on unseen.
        enable_default_standards=False,
        auto_enable_controls=False,
        control_finding_generator="SECURITY_CONTROL",
        opts=opts,
    )
    for standard in standards:
        StandardsSubscription(
            f"{name}-{standard.partition('/')[0]}",
            standards_arn=f"arn:{account.partition}:securityhub:{account.region}::standards/{standard}",
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[hub])),
        )
    Analyzer(name, analyzer_name=name, type="ACCOUNT", opts=opts)
    Enabler(name, account_ids=[account.id], resource_types=["EC2", "ECR"], opts=opts)


def _detect_threats(name: str, features: Mapping[str, bool], opts: pulumi.ResourceOptions) -> None:
    """GuardDuty with these features and no others: a new detector has nearly all of them on, and bills them.

    https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html
    """
    detector = Detector(name, enable=True, finding_publishing_frequency="FIFTEEN_MINUTES", opts=opts)
    for feature, wanted in features.items():
        status = "ENABLED" if wanted else "DISABLED"
        DetectorFeature(
            f"{name}-{feature.lower().replace('_', '-')}",
            detector_id=detector.id,
            name=feature,
            status=status,
            additional_configurations=_agents(status) if feature == "RUNTIME_MONITORING" else None,
            opts=opts,
        )


def _agents(of_clusters: str) -> list[DetectorFeatureAdditionalConfigurationArgsDict]:
    """Where GuardDuty installs its agent: on the nodes of EKS; instances without a cluster are none of ours.

    All three are said, because AWS answers with all three.
    """
    agents = {
        "EKS_ADDON_MANAGEMENT": of_clusters,
        "EC2_AGENT_MANAGEMENT": "DISABLED",
        "ECS_FARGATE_AGENT_MANAGEMENT": "DISABLED",
    }
    return [{"name": name, "status": status} for name, status in agents.items()]
