"""What moto 5.2.5 lacks or gets wrong in the services other than EKS and STS that a stack of ours meets.

Each amendment wraps one method of moto. A contract test shows for each what the AWS provider would see.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.config import default_user_config
from moto.core.responses import ActionResult
from moto.ec2.models.flow_logs import FlowLogsBackend
from moto.ec2.models.launch_templates import LaunchTemplateBackend
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.flow_logs import FlowLogs as FlowLogsResponse
from moto.kms.responses import KmsResponse
from moto.rds.models import DBCluster, DBInstanceClustered, MasterUserSecret, RDSBackend
from moto.s3.exceptions import InvalidBucketState
from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend
from moto.s3.responses import S3Response

from groundplan.rehearsal.emulator import (
    access_points,
    aurora,
    backup_jobs,
    bottlerocket,
    bucket_policies,
    capacity_reservations,
    catalogue,
    certificates,
    cloudfront,
    config_delivery,
    detectors,
    elasticache,
    fleets,
    fsx,
    key_signatures,
    long_polls,
    operations,
    placement_groups,
    quotas,
    replication,
    scheduler,
    signing,
    transit_gateways,
)
from groundplan.rehearsal.emulator.patching import tell, wrap

_DEFAULT_ROTATION_DAYS = 365


def install() -> None:
    """Apply all amendments; a second call changes nothing."""
    access_points.install()
    backup_jobs.install()
    bottlerocket.install()
    capacity_reservations.install()
    catalogue.install()
    certificates.install()
    cloudfront.install()
    config_delivery.install()
    detectors.install()
    elasticache.install()
    fleets.install()
    fsx.install()
    key_signatures.install()
    long_polls.install()
    operations.install()
    placement_groups.install()
    quotas.install()
    replication.install()
    scheduler.install()
    signing.install()
    transit_gateways.install()
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    wrap(FlowLogsBackend, "create_flow_logs", _find_destinations)
    wrap(FlowLogsResponse, "create_flow_logs", _keep_destination_options)
    wrap(CloudTrailResponse, "describe_trails", _find_named_trails)
    wrap(LaunchTemplateBackend, "create_launch_template", _keep_template_tags_apart)
    wrap(NatGatewayBackend, "delete_nat_gateway", _delete_interface)
    wrap(VPCBackend, "delete_vpc", _delete_default_acl)
    # moto tells a rule's description only where the rule is about addresses.
    tell(SecurityGroupRule, "description", _rule_description)
    wrap(KmsResponse, "enable_key_rotation", _keep_rotation_period)
    wrap(KmsResponse, "get_key_rotation_status", _tell_rotation_period)
    wrap(DBCluster, "__init__", aurora.describe_cluster)
    # moto tells an empty structure, which the provider takes for a setting.
    tell(DBCluster, "scaling_configuration_info", aurora.scaling_configuration)
    wrap(DBInstanceClustered, "__init__", aurora.describe_instance)
    wrap(RDSBackend, "restore_db_cluster_from_snapshot", aurora.restore)
    wrap(MasterUserSecret, "_create_secret", aurora.rotate_managed_secret)
    wrap(FakeBucket, "set_lifecycle", _keep_lifecycle_rules)
    # Versioned keys are disposed of when they go; a delete marker holds nothing, and moto forgot to say so.
    setattr(FakeDeleteMarker, "dispose", lambda *_, **__: None)  # noqa: B010 - it is not declared there
    wrap(S3Response, "get_bucket_lifecycle", _tell_whole_lifecycle)
    wrap(S3Backend, "put_bucket_versioning", _keep_locked_versioning)
    wrap(FakeBucket, "get_permission", bucket_policies.get_permission, only_refuses=True)
    wrap(S3Response, "_key_response", bucket_policies.name_refusal, only_refuses=True)
    wrap(S3Response, "_bucket_response", bucket_policies.check_list, only_refuses=True)


def _find_named_trails(original: Callable[..., Any], response: Any) -> str:
    """CloudTrail: the trails that are asked for; each region also tells the multi-region ones of others."""
    told = json.loads(original(response))["trailList"]
    names = set(json.loads(response.body or "{}").get("trailNameList") or ())
    return json.dumps(
        {"trailList": [trail for trail in told if not names or names & {trail["Name"], trail["TrailARN"]}]}
    )


def _find_destinations(original: Callable[..., Any], backend: Any, **request: Any) -> Any:
    """Flow logs: a bucket's ARN may end in a folder, a log group may be given by its ARN."""
    destination = request.get("log_destination")
    if destination and request.get("log_destination_type") == "s3":
        request["log_destination"] = destination.partition("/")[0]
    elif destination and not request.get("log_group_name"):
        request["log_group_name"] = destination.partition(":log-group:")[2].removesuffix(":*")
    created, failed = original(backend, **request)
    for flow_log in created:
        flow_log.log_destination = destination
    return created, failed


def _keep_destination_options(original: Callable[..., Any], response: Any) -> ActionResult:
    """Flow logs: file format and partitions are part of what DescribeFlowLogs answers."""
    result = original(response)
    options = response._get_param("DestinationOptions")  # noqa: SLF001 - how moto's responses read parameters
    for flow_log_id in cast("dict[str, Any]", result.result)["FlowLogIds"]:
        response.ec2_backend.flow_logs[flow_log_id].destination_options = options
    return result


def _keep_template_tags_apart(
    original: Callable[..., Any],
    backend: Any,
    name: str,
    description: str,
    data: dict[str, Any],
    tags: dict[str, dict[str, str]],
) -> Any:
    """Launch templates: their own tags are no tags of what is launched by them."""
    launched = [
        tagged for tagged in data.pop("TagSpecifications", []) if tagged["ResourceType"] != "launch-template"
    ]
    if launched:
        data["TagSpecifications"] = launched
    return original(backend, name, description, data, tags)


def _delete_interface(original: Callable[..., Any], backend: Any, nat_gateway_id: str) -> Any:
    """NAT gateways: their network interface goes with them and frees the address."""
    gateway = original(backend, nat_gateway_id)
    interface = gateway._eni  # noqa: SLF001 - moto keeps it nowhere else
    for address in backend.describe_addresses():
        if address.eni is interface:
            backend.disassociate_address(association_id=address.association_id)
    backend.enis.pop(interface.id, None)
    return gateway


def _rule_description(rule: Any) -> str | None:
    """Security groups: what a rule is for, also of one about the members of a group."""
    return rule.ip_range.get("Description") or rule.source_group.get("Description")


def _keep_rotation_period(original: Callable[..., Any], response: Any) -> Any:
    """KMS: the days between rotations."""
    answer = original(response)
    _key(response).rotation_period_days = int(
        response._get_param("RotationPeriodInDays") or _DEFAULT_ROTATION_DAYS  # noqa: SLF001 - see above
    )
    return answer


def _tell_rotation_period(original: Callable[..., Any], response: Any) -> ActionResult:
    original(response)
    key = _key(response)
    status = {"KeyId": key.id, "KeyRotationEnabled": key.key_rotation_status}
    if key.key_rotation_status:
        status["RotationPeriodInDays"] = getattr(key, "rotation_period_days", _DEFAULT_ROTATION_DAYS)
    return ActionResult(status)


def _key(response: Any) -> Any:
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]  # noqa: SLF001 - see above


def _delete_default_acl(original: Callable[..., Any], backend: Any, vpc_id: str) -> Any:
    """VPCs: their default network ACL, which nobody can delete, goes with them."""
    vpc = original(backend, vpc_id)
    for acl in [acl for acl in backend.network_acls.values() if acl.vpc_id == vpc_id and acl.default]:
        del backend.network_acls[acl.id]
    return vpc


def _keep_locked_versioning(original: Callable[..., Any], backend: Any, bucket_name: str, status: str) -> Any:
    """S3: a bucket with object lock stays versioned."""
    if status != "Enabled" and backend.head_bucket(bucket_name).object_lock_enabled:
        # The AWS provider knows these words, and leaves versioning to the bucket's deletion.
        raise InvalidBucketState(
            "An Object Lock configuration is present on this bucket, "
            "so the versioning state cannot be changed."
        )
    return original(backend, bucket_name, status)


def _keep_lifecycle_rules(original: Callable[..., Any], bucket: Any, rules: list[dict[str, Any]]) -> None:
    """S3: what a life-cycle rule says about newer versions and sizes of objects."""
    original(bucket, rules)
    for kept, rule in zip(bucket.rules, rules, strict=True):
        kept.request = rule


def _tell_whole_lifecycle(original: Callable[..., Any], response: Any) -> Any:
    serialize = response.serialized

    def complete(answer: ActionResult) -> Any:
        if isinstance(answer.result, Exception):  # a bucket without rules
            return serialize(answer)
        kept_rules = response.backend.get_bucket_lifecycle(response.bucket_name)
        told_rules = cast("dict[str, Any]", answer.result)["Rules"]
        for told, kept in zip(told_rules, kept_rules, strict=True):
            _complete_rule(told, kept.request)
        return serialize(answer)

    response.serialized = complete  # of this request only
    return original(response)


def _complete_rule(told: dict[str, Any], asked: dict[str, Any]) -> None:
    newer = (asked.get("NoncurrentVersionExpiration") or {}).get("NewerNoncurrentVersions")
    if newer is not None:
        told["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = newer
    asked_filter, told_filter = asked.get("Filter") or {}, told.get("Filter") or {}
    _copy_sizes(asked_filter, told_filter)
    _copy_sizes(asked_filter.get("And") or {}, told_filter.get("And") or {})


def _copy_sizes(asked: dict[str, Any], shown: dict[str, Any]) -> None:
    for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if asked.get(name) is not None:
            shown[name] = asked[name]
