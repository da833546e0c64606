"""FSx for Lustre and its links to S3: moto 5.2.5 tells little of file systems, and has no links."""

from __future__ import annotations

import json
import time
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.ec2.models import ec2_backends
from moto.fsx.responses import FSxResponse
from moto.moto_api._internal import mock_random

from groundplan.rehearsal.emulator.deployer_record import PROVIDER
from groundplan.rehearsal.emulator.patching import add, kept_in

_HOUR = "05:00"
_LUSTRE_PORT = 988
_LUSTRE_DEFAULTS = {
    "DeploymentType": "SCRATCH_1",
    "DataCompressionType": "NONE",
    "CopyTagsToBackups": False,
    "WeeklyMaintenanceStartTime": f"7:{_HOUR}",
}
_CHANGED_IN_PLACE = ("AutomaticBackupRetentionDays", "DataCompressionType", "PerUnitStorageThroughput")


def install() -> None:
    """Apply all; a second call changes nothing."""
    add(
        FSxResponse,
        create_file_system=create_file_system,
        describe_file_systems=describe_file_systems,
        update_file_system=update_file_system,
        delete_file_system=delete_file_system,
        create_data_repository_association=create_data_repository_association,
        describe_data_repository_associations=describe_data_repository_associations,
        update_data_repository_association=update_data_repository_association,
        delete_data_repository_association=delete_data_repository_association,
    )


def _asked(response: Any) -> dict[str, Any]:
    return json.loads(response.body or "{}")


def _arn(response: Any, kind: str, name: str) -> str:
    return f"arn:aws:fsx:{response.region}:{response.current_account}:{kind}/{name}"


def _tagged(response: Any, record: dict[str, Any]) -> dict[str, Any]:
    tags = response.fsx_backend.list_tags_for_resource(record["ResourceARN"])
    return record | ({"Tags": tags} if tags else {})


def _keep_tags(response: Any, arn: str) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in _asked(response).get("Tags") or []}
    response.fsx_backend.tag_resource(arn, tags)


# --- file systems ------------------------------------------------------------------------------------
def _systems(response: Any) -> dict[str, dict[str, Any]]:
    return kept_in(response.fsx_backend, "lustre_file_systems")


def _system(response: Any, name: str) -> dict[str, Any]:
    if name not in _systems(response):
        raise JsonRESTError("FileSystemNotFound", f"File system '{name}' does not exist.")
    return _systems(response)[name]


def create_file_system(response: Any) -> str:
    """Create a file system of Lustre; it is available at once."""
    asked = _asked(response)
    if asked["FileSystemType"] != "LUSTRE":
        raise JsonRESTError("BadRequest", f"{asked['FileSystemType']} is not emulated.")
    name = f"fs-{mock_random.get_random_hex(17)}"
    arn = _arn(response, "file-system", name)
    ec2 = ec2_backends[response.current_account][response.region]
    _require_way_in(ec2, asked.get("SecurityGroupIds") or [])
    system = {
        "OwnerId": response.current_account,
        "CreationTime": time.time(),
        "FileSystemId": name,
        "FileSystemType": "LUSTRE",
        "FileSystemTypeVersion": asked.get("FileSystemTypeVersion", "2.10"),
        "Lifecycle": "AVAILABLE",
        "StorageCapacity": asked["StorageCapacity"],
        "StorageType": asked.get("StorageType", "SSD"),
        "VpcId": ec2.get_subnet(asked["SubnetIds"][0]).vpc_id,
        "SubnetIds": asked["SubnetIds"],
        "NetworkInterfaceIds": [],
        "DNSName": f"{name}.fsx.{response.region}.amazonaws.com",
        "KmsKeyId": asked.get("KmsKeyId"),
        "ResourceARN": arn,
        "LustreConfiguration": _lustre(asked.get("LustreConfiguration") or {}),
    }
    _keep_tags(response, arn)
    _systems(response)[name] = {key: value for key, value in system.items() if value is not None}
    return json.dumps({"FileSystem": _tagged(response, _system(response, name))})


def _require_way_in(ec2: Any, group_ids: list[str]) -> None:
    """Refuse security groups that do not let Lustre through, as FSx does when the file system is made.

    https://docs.aws.amazon.com/fsx/latest/LustreGuide/limit-access-security-groups.html
    """
    groups = [ec2.get_security_group_from_id(name) for name in group_ids]
    for direction in ("ingress_rules", "egress_rules") if groups else ():
        rules = [rule for group in groups if group for rule in getattr(group, direction)]
        if not any(_lets_through(rule) for rule in rules):
            raise JsonRESTError(
                "InvalidNetworkSettings",
                "The file system cannot be created because the provided security groups do not permit Lustre "
                f"LNET network traffic on port {_LUSTRE_PORT}",
            )


def _lets_through(rule: Any) -> bool:
    if str(rule.ip_protocol) == "-1":
        return True
    return rule.ip_protocol == "tcp" and int(rule.from_port) <= _LUSTRE_PORT <= int(rule.to_port)


def _lustre(asked: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a file system, with what FSx adds to what was asked for."""
    told = _LUSTRE_DEFAULTS | asked | {"MountName": mock_random.get_random_hex(8)}
    if asked.get("AutomaticBackupRetentionDays"):
        told.setdefault("DailyAutomaticBackupStartTime", _HOUR)
    if (asked.get("MetadataConfiguration") or {}).get("Mode") == "AUTOMATIC":
        told["MetadataConfiguration"] = {"Mode": "AUTOMATIC", "Iops": 1500}
    return told


def describe_file_systems(response: Any) -> str:
    """All, or those that are named; an unknown name is an error."""
    names = _asked(response).get("FileSystemIds") or list(_systems(response))
    return json.dumps({"FileSystems": [_tagged(response, _system(response, name)) for name in names]})


def update_file_system(response: Any) -> str:
    """Change what can be changed in place, at once."""
    asked = _asked(response)
    system = _system(response, asked["FileSystemId"])
    if asked.get("StorageCapacity"):
        system["StorageCapacity"] = asked["StorageCapacity"]
    wanted = asked.get("LustreConfiguration") or {}
    system["LustreConfiguration"] |= {name: wanted[name] for name in _CHANGED_IN_PLACE if name in wanted}
    return json.dumps({"FileSystem": _tagged(response, system)})


def delete_file_system(response: Any) -> str:
    """Delete one; its links go with it.

    The AWS provider does not look for ten minutes then, for FSx takes longer. Here it is gone at once, and
    the provider is told so: as after its own repeated call, which it takes for the end.
    """
    name = _system(response, _asked(response)["FileSystemId"])["FileSystemId"]
    for association in [one for one in _links(response).values() if one["FileSystemId"] == name]:
        del _links(response)[association["AssociationId"]]
    del _systems(response)[name]
    if PROVIDER in response.headers.get("User-Agent", ""):
        _system(response, name)  # there is none any more
    return json.dumps({"FileSystemId": name, "Lifecycle": "DELETING"})


# --- links to S3 ---------------------------------------------------------------------------------------
def _links(response: Any) -> dict[str, dict[str, Any]]:
    return kept_in(response.fsx_backend, "data_repository_associations")


def _link(response: Any, name: str) -> dict[str, Any]:
    if name not in _links(response):
        raise JsonRESTError("DataRepositoryAssociationNotFound", f"Association '{name}' does not exist.")
    return _links(response)[name]


def create_data_repository_association(response: Any) -> str:
    """Link a folder to a prefix of a bucket; neither may be linked before."""
    asked = _asked(response)
    system = _system(response, asked["FileSystemId"])
    for other in _links(response).values():
        same = [key for key in ("FileSystemPath", "DataRepositoryPath") if other[key] == asked[key]]
        if other["FileSystemId"] == asked["FileSystemId"] and same:
            raise JsonRESTError("BadRequest", f"{asked[same[0]]} is linked already.")
    name = f"dra-{mock_random.get_random_hex(17)}"
    arn = _arn(response, "association", f"{asked['FileSystemId']}/{name}")
    link = {
        "AssociationId": name,
        "ResourceARN": arn,
        "FileSystemId": asked["FileSystemId"],
        "Lifecycle": "AVAILABLE",
        "FileSystemPath": asked["FileSystemPath"],
        "DataRepositoryPath": asked["DataRepositoryPath"],
        "BatchImportMetaDataOnCreate": bool(asked.get("BatchImportMetaDataOnCreate")),
        "ImportedFileChunkSize": asked.get("ImportedFileChunkSize", 1024),
        "CreationTime": system["CreationTime"],
    } | ({"S3": asked["S3"]} if asked.get("S3") else {})
    _keep_tags(response, arn)
    _links(response)[name] = link
    return json.dumps({"Association": _tagged(response, link)})


def describe_data_repository_associations(response: Any) -> str:
    """All, or those that are named; an unknown name is an error."""
    names = _asked(response).get("AssociationIds") or list(_links(response))
    return json.dumps({"Associations": [_tagged(response, _link(response, name)) for name in names]})


def update_data_repository_association(response: Any) -> str:
    """Change what is imported and exported by itself."""
    asked = _asked(response)
    link = _link(response, asked["AssociationId"])
    link |= {name: asked[name] for name in ("ImportedFileChunkSize", "S3") if asked.get(name)}
    return json.dumps({"Association": _tagged(response, link)})


def delete_data_repository_association(response: Any) -> str:
    """End a link; the objects stay where they are."""
    link = _link(response, _asked(response)["AssociationId"])
    del _links(response)[link["AssociationId"]]
    return json.dumps({"AssociationId": link["AssociationId"], "Lifecycle": "DELETING"})
