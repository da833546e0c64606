"""What looks for threats and mistakes, once per account and region."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws.accessanalyzer.analyzer import Analyzer
from pulumi_aws.guardduty.detector import Detector
from pulumi_aws.guardduty.detector_feature import DetectorFeature
from pulumi_aws.inspector2.enabler import Enabler
from pulumi_aws.securityhub.account import Account as SecurityHub
from pulumi_aws.securityhub.standards_subscription import StandardsSubscription

from infra.aws.account import Account


def detect(
    name: str,
    *,
    account: Account,
    threat_features: Sequence[str],
    standards: Sequence[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Switch on GuardDuty, Security Hub, Access Analyzer, and Inspector for images and instances."""
    detector = Detector(name, enable=True, finding_publishing_frequency="FIFTEEN_MINUTES", opts=opts)
    for feature in threat_features:
        DetectorFeature(
            f"{name}-{feature.lower().replace('_', '-')}",
            detector_id=detector.id,
            name=feature,
            status="ENABLED",
            opts=opts,
        )
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
