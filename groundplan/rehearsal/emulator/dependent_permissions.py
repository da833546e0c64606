"""Permissions that a call needs beside the one of its name: roles handed on, tags, service-linked roles.

Source: the dependent actions of the Service Authorization Reference,
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from groundplan.rehearsal.emulator.need import Need

_HANDS_ON = {
    "deliverlogspermissionarn",
    "executionrole",
    "executionrolearn",
    "iamrolearn",
    "monitoringrolearn",
    "noderole",
    "role",
    "rolearn",
    "servicerolearn",
    "targetrolearn",
}
"""Members that name a role which the service takes then, in lower case. Others only speak of one."""
_TAGS_BY_ITS_CREATION = {
    "acm": "AddTagsToCertificate",
    "cloudtrail": "AddTags",
    "ec2": "CreateTags",
    "elasticache": "AddTagsToResource",
    "rds": "AddTagsToResource",
}
"""Service -> action that a creation with tags needs; others have `TagResource`."""
_TAGS_OF_IAM = {
    "CreateOpenIDConnectProvider": "TagOpenIDConnectProvider",
    "CreateInstanceProfile": "TagInstanceProfile",
    "CreatePolicy": "TagPolicy",
    "CreateRole": "TagRole",
}
_CREATIONS = ("Create", "Allocate", "Run", "Register", "Request", "Put")
_CHANGES = ("Update", "Start", "Modify", "Set")
_MEMBERS_OF_TAGS = {
    "backupplantags",
    "backupvaulttags",
    "resourcetags",
    "taglist",
    "tags",
    "tagslist",
    "tagspecifications",
}
_SERVICE_LINKED = {
    ("access-analyzer", "CreateAnalyzer"): "access-analyzer.amazonaws.com",
    ("eks", "CreateCluster"): "eks.amazonaws.com",
    ("eks", "CreateNodegroup"): "eks-nodegroup.amazonaws.com",
    ("elasticache", "CreateReplicationGroup"): "elasticache.amazonaws.com",
    ("fsx", "CreateDataRepositoryAssociation"): "s3.data-source.lustre.fsx.amazonaws.com",
    ("fsx", "CreateFileSystem"): "fsx.amazonaws.com",
    ("guardduty", "CreateDetector"): "guardduty.amazonaws.com",
    ("inspector2", "Enable"): "inspector2.amazonaws.com",
    ("kafka", "CreateClusterV2"): "kafka.amazonaws.com",
    ("kafka", "CreateCluster"): "kafka.amazonaws.com",
    ("rds", "CreateDBCluster"): "rds.amazonaws.com",
    ("securityhub", "EnableSecurityHub"): "securityhub.amazonaws.com",
}
"""Who lets the service make its own role in the account, the first time."""


def dependent_needs(
    service: str, operation: str, parameters: Mapping[str, Any], resource: str
) -> Iterator[Need]:
    """What else a call needs.

    Args:
        service: prefix of the service's actions.
        operation: e.g. `CreateNodegroup`.
        parameters: of the call.
        resource: ARN of what the call is about, or `*`.
    """
    if service not in {"iam", "sts", "kms"} and operation.startswith((*_CREATIONS, *_CHANGES)):
        for role in sorted(set(_roles(parameters))):
            yield Need("iam:PassRole", role)
    if operation.startswith(_CREATIONS) and _has_tags(parameters):
        if service == "iam":
            if operation in _TAGS_OF_IAM:
                yield Need(f"iam:{_TAGS_OF_IAM[operation]}", resource)
        elif service != "s3":
            yield Need(f"{service}:{_TAGS_BY_ITS_CREATION.get(service, 'TagResource')}", resource)
    linked = _SERVICE_LINKED.get((service, operation))
    if linked:
        yield Need("iam:CreateServiceLinkedRole", f"arn:aws:iam::*:role/aws-service-role/{linked}/*")


def _roles(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name.lower() in _HANDS_ON and isinstance(inner, str):
                if ":role/" in inner:
                    yield inner
            else:
                yield from _roles(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _roles(inner)


def _has_tags(parameters: Mapping[str, Any]) -> bool:
    return any(name.lower() in _MEMBERS_OF_TAGS and value for name, value in parameters.items())
