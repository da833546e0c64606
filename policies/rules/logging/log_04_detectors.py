"""LOG-04: somebody watches: GuardDuty and Config are on."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import STACK, Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

DETECTOR = "aws:guardduty/detector:Detector"
FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
RECORDER = "aws:cfg/recorder:Recorder"
STATUS = "aws:cfg/recorderStatus:RecorderStatus"
FEATURES = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS")


def check(subject: Resource, context: Context) -> Iterator[Finding]:
    """A detector with both features; a recorder of everything, which is started."""
    del subject
    stack = context.stack
    if not any(each.view.flag("enable", default=True) for each in stack.of(DETECTOR)):
        yield Finding(path="", message="GuardDuty is off", key="guardduty")
    on = {each.view.text("name") for each in stack.of(FEATURE) if each.view.text("status") == "ENABLED"}
    for feature in FEATURES:
        if feature not in on:
            yield Finding(path="", message=f"GuardDuty does not read {feature}", key=feature)
    recorders = stack.of(RECORDER)
    if not any(each.view.flag("recordingGroup.allSupported", default=True) for each in recorders):
        yield Finding(path="", message="Config does not record every resource", key="recorder")
    if not any(each.view.flag("isEnabled") for each in stack.of(STATUS)):
        yield Finding(path="", message="the recorder of Config is not started", key="status")


RULE = Rule(
    id="LOG-04",
    title="GuardDuty watches S3 and EKS, and Config records every resource.",
    severity=Severity.MEDIUM,
    why="Logs that nobody reads warn nobody.",
    remediation=(
        "Keep audit settings threat_features S3_DATA_EVENTS and EKS_AUDIT_LOGS; see "
        "infra/aws/detectors.py and audit.py."
    ),
    frameworks={
        Framework.CIS_AWS: ("3.3",),
        Framework.HIPAA: ("164.308(a)(1)(ii)(D)",),
        Framework.SOC2: ("CC7.1",),
        Framework.PCI_DSS: ("11.5.1",),
        Framework.NIST: (
            "SI-4",
            "CM-8",
        ),
    },
    equivalents=(
        "CKV_AWS_238",
        "CKV2_AWS_45",
        "FSBP GuardDuty.1",
        "FSBP GuardDuty.10",
        "FSBP Config.1",
        "prowler:guardduty_is_enabled",
        "prowler:guardduty_s3_protection_enabled",
        "prowler:guardduty_eks_audit_log_enabled",
        "prowler:config_recorder_all_regions_enabled",
    ),
    enforcement=FROM_STAGING,
    types=(STACK,),
    check=check,
    needs_stack=True,
)
