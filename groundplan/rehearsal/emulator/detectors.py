"""CloudTrail, GuardDuty, Security Hub, Config and Access Analyzer, as far as moto 5.2.5 lacks them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from moto.cloudtrail.models import CloudTrailBackend
from moto.config.models import ConfigBackend
from moto.core.exceptions import JsonRESTError
from moto.guardduty import urls as guardduty_urls
from moto.guardduty.models import Detector
from moto.guardduty.responses import GuardDutyResponse
from moto.securityhub import urls as securityhub_urls
from moto.securityhub.models import SecurityHubBackend
from moto.securityhub.responses import SecurityHubResponse

from groundplan.rehearsal.emulator import access_analyzer
from groundplan.rehearsal.emulator.patching import add, wrap

_PATHS = ("standards/get", "standards/register", "standards/deregister", "standards")
_ALWAYS_READ = {"CLOUD_TRAIL": "cloudTrail", "DNS_LOGS": "dnsLogs", "FLOW_LOGS": "flowLogs"}
"""GuardDuty's foundational sources: feature -> data source."""
_ON_BY_DEFAULT = (
    "EBS_MALWARE_PROTECTION",
    "EKS_AUDIT_LOGS",
    "LAMBDA_NETWORK_LOGS",
    "RDS_LOGIN_EVENTS",
    "S3_DATA_EVENTS",
)
"""In a new detector: https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html."""


def install() -> None:
    """Apply all; a second call changes nothing."""
    wrap(Detector, "update", _merge_features)
    wrap(Detector, "to_json", _tell_features)
    wrap(CloudTrailBackend, "delete_trail", _delete_trail_by_arn)
    wrap(ConfigBackend, "put_configuration_recorder", _keep_recording_mode)
    wrap(ConfigBackend, "describe_configuration_recorders", _tell_recording_mode)
    wrap(SecurityHubBackend, "describe_hub", _tell_hub_settings)
    add(
        SecurityHubResponse,
        update_security_hub_configuration=update_security_hub_configuration,
        batch_enable_standards=batch_enable_standards,
        batch_disable_standards=batch_disable_standards,
        get_enabled_standards=get_enabled_standards,
    )
    paths: dict[str, Any] = securityhub_urls.url_paths
    paths.update({f"{{0}}/{path}$": SecurityHubResponse.dispatch for path in _PATHS})
    access_analyzer.install(paths)
    add(
        GuardDutyResponse,
        list_tags_for_resource=list_detector_tags,
        tag_resource=tag_detector,
        untag_resource=untag_detector,
    )
    paths_of_guardduty: dict[str, Any] = guardduty_urls.url_paths
    paths_of_guardduty["{0}/tags/(?P<arn>.+)$"] = GuardDutyResponse.dispatch


def _merge_features(original: Any, detector: Any, *args: Any) -> None:
    """GuardDuty: an update names the features that change; the others stay."""
    *others, features = args
    kept = {feature["name"]: feature for feature in detector.features}
    original(detector, *others, None)
    detector.features = list((kept | {one["name"]: one for one in features or []}).values())


def _tell_features(original: Any, detector: Any) -> dict[str, Any]:
    """GuardDuty: foundational sources are always read, optional ones until somebody switches them off."""
    told = original(detector)
    for name in _ALWAYS_READ.values():
        told["dataSources"][name] = {"status": "ENABLED"}
    foundational = [{"name": name, "status": "ENABLED"} for name in _ALWAYS_READ]
    asked = {feature["name"] for feature in told["features"]}
    optional = [{"name": name, "status": "ENABLED"} for name in _ON_BY_DEFAULT if name not in asked]
    return told | {"features": [*foundational, *optional, *told["features"]]}


def _detector_tags(response: Any) -> dict[str, str]:
    detector_id = unquote(response.path).rstrip("/").rpartition("/")[2]
    return response.guardduty_backend.get_detector(detector_id).tags


def list_detector_tags(response: Any) -> str:
    """GuardDuty: tags of a detector."""
    return json.dumps({"tags": _detector_tags(response)})


def tag_detector(response: Any) -> str:
    """GuardDuty: add or replace tags."""
    _detector_tags(response).update(json.loads(response.body)["tags"])
    return "{}"


def untag_detector(response: Any) -> str:
    """GuardDuty: remove tags."""
    for key in response.querystring.get("tagKeys", []):
        _detector_tags(response).pop(key, None)
    return "{}"


def _delete_trail_by_arn(original: Any, backend: Any, name: str) -> None:
    """CloudTrail: the provider names a trail by its ARN; moto passed over those without a word."""
    original(backend, name.rpartition("/")[2])


def _keep_recording_mode(original: Any, backend: Any, recorder: dict[str, Any]) -> None:
    """Config: how often it records."""
    original(backend, recorder)
    kept = backend.recorders[recorder["name"]]
    kept.asked_mode = recorder.get("recordingMode") or {"recordingFrequency": "CONTINUOUS"}


def _tell_recording_mode(original: Any, backend: Any, names: Any) -> list[dict[str, Any]]:
    return [
        told | {"recordingMode": backend.recorders[told["name"]].asked_mode}
        for told in original(backend, names)
    ]


def _tell_hub_settings(original: Any, backend: Any, hub_arn: str | None = None) -> dict[str, Any]:
    """Security Hub: settings as they were given; tags are no part of the answer."""
    told = original(backend, hub_arn) | getattr(backend, "hub_settings", {})
    return {name: value for name, value in told.items() if name != "Tags"}


def update_security_hub_configuration(response: Any) -> str:
    """Security Hub: new controls and the form of findings."""
    backend, asked = response.securityhub_backend, json.loads(response.body)
    backend.describe_hub()  # fails where there is none
    known = {name: asked[name] for name in ("AutoEnableControls", "ControlFindingGenerator") if name in asked}
    backend.hub_settings = getattr(backend, "hub_settings", {}) | known
    return "{}"


def _subscriptions(response: Any) -> dict[str, dict[str, Any]]:
    """Standards that are switched on, by the ARN of the subscription."""
    backend = response.securityhub_backend
    if not backend.enabled:
        raise JsonRESTError("InvalidAccessException", "Account is not subscribed to AWS Security Hub")
    if not hasattr(backend, "subscriptions"):
        backend.subscriptions = {}
    return backend.subscriptions


def batch_enable_standards(response: Any) -> str:
    """Security Hub: subscribe to standards."""
    backend, subscriptions = response.securityhub_backend, _subscriptions(response)
    made = []
    for asked in json.loads(response.body)["StandardsSubscriptionRequests"]:
        standard = asked["StandardsArn"]
        path = standard.partition(":standards/")[2] or standard.partition(":ruleset/")[2]
        arn = f"arn:aws:securityhub:{backend.region_name}:{backend.account_id}:subscription/{path}"
        subscriptions[arn] = {
            "StandardsSubscriptionArn": arn,
            "StandardsArn": standard,
            "StandardsInput": asked.get("StandardsInput", {}),
            "StandardsStatus": "READY",
            "StandardsControlsUpdatable": "READY_FOR_UPDATES",
        }
        made.append(subscriptions[arn])
    return json.dumps({"StandardsSubscriptions": made})


def batch_disable_standards(response: Any) -> str:
    """Security Hub: end subscriptions."""
    subscriptions = _subscriptions(response)
    ended = [
        subscriptions.pop(arn) | {"StandardsStatus": "DELETING"}
        for arn in json.loads(response.body)["StandardsSubscriptionArns"]
        if arn in subscriptions
    ]
    return json.dumps({"StandardsSubscriptions": ended})


def get_enabled_standards(response: Any) -> str:
    """Security Hub: subscriptions, all or those named."""
    subscriptions = _subscriptions(response)
    arns = json.loads(response.body or "{}").get("StandardsSubscriptionArns") or list(subscriptions)
    return json.dumps(
        {"StandardsSubscriptions": [subscriptions[arn] for arn in arns if arn in subscriptions]}
    )
