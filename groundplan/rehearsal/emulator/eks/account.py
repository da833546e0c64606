"""Looks at the rest of the emulated account, as EKS does before it accepts a request."""

from __future__ import annotations

import json
import secrets
import tomllib
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend, Role, iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends

from groundplan.rehearsal.emulator.eks.errors import InvalidParameterError

if TYPE_CHECKING:
    from groundplan.rehearsal.emulator.eks.store import EksStore


class Account:
    """IAM, EC2, KMS and logs of one account and region, as EKS reads and (a little) writes them.

    Args:
        account_id: twelve digits.
        region: AWS region.
        eks: its clusters, for whoever has to know them.
    """

    def __init__(self, account_id: str, region: str, eks: EksStore | None = None) -> None:
        self.account_id = account_id
        self.region = region
        self._eks = eks

    @property
    def iam(self) -> IAMBackend:
        """IAM of the account."""
        return iam_backends[self.account_id]["aws"]

    @property
    def ec2(self) -> Any:
        """EC2 of the region (moto's backend is put together of mix-ins that no type describes)."""
        return ec2_backends[self.account_id][self.region]

    def node_group_arn(self, cluster: str, name: str) -> str:
        """ARN of a node group, which ends in an id of its own; of one that is not there, in any."""
        clusters = self._eks.clusters if self._eks else {}
        group = clusters[cluster].node_groups.get(name) if cluster in clusters else None
        named = f"arn:aws:eks:{self.region}:{self.account_id}:nodegroup/{cluster}/{name}"
        return group["nodegroupArn"] if group else f"{named}/id"

    def role(self, arn: str) -> Role | None:
        """The IAM role of that ARN, if it exists."""
        try:
            return self.iam.get_role_by_arn(arn)
        except NotFoundException:
            return None

    def role_named(self, name: str) -> Role | None:
        """The IAM role of that name, if it exists."""
        try:
            return self.iam.get_role(name)
        except NotFoundException:
            return None

    def principal_exists(self, arn: str) -> bool:
        """Whether an IAM role or user has that ARN."""
        return self.role(arn) is not None or any(user.arn == arn for user in self.iam.users.values())

    def require_trusted_role(self, arn: str, service: str) -> None:
        """Check that a role exists and may be assumed by an AWS service.

        Raises:
            InvalidParameterError: it does not exist, or its trust policy does not name the service.
        """
        role = self.role(arn)
        if role is None or not trusts(role, service):
            raise InvalidParameterError(
                f"Role with arn: {arn}, could not be assumed because it does not exist "
                "or the trusted entity is not correct"
            )

    def require_subnets(self, subnet_ids: list[str]) -> list[Any]:
        """The subnets of these ids.

        Raises:
            InvalidParameterError: one does not exist, or they lie in more than one VPC.
        """
        known = {subnet.id: subnet for subnet in self.ec2.describe_subnets()}
        missing = [subnet_id for subnet_id in subnet_ids if subnet_id not in known]
        if missing or not subnet_ids:
            raise InvalidParameterError(f"The subnet ID '{', '.join(missing)}' does not exist")
        subnets = [known[subnet_id] for subnet_id in subnet_ids]
        if len({subnet.vpc_id for subnet in subnets}) > 1:
            raise InvalidParameterError("Subnets must all belong to one VPC")
        return subnets

    def require_key(self, key_arn: str) -> None:
        """Check that a KMS key exists and is enabled.

        Raises:
            InvalidParameterError: it does not, or is not.
        """
        key = kms_backends[self.account_id][self.region].keys.get(key_arn.rpartition("/")[2])
        if key is None or not key.enabled:
            raise InvalidParameterError(f"The keyArn in encryptionConfig provider is invalid: {key_arn}")

    def require_instance_types(self, names: list[str]) -> None:
        """Check that all instance types exist.

        Raises:
            InvalidParameterError: names those that do not.
        """
        unknown = [name for name in names if name not in INSTANCE_TYPES]
        if unknown:
            raise InvalidParameterError(
                f"The following supplied instance types do not exist: [{', '.join(unknown)}]"
            )

    def efa_interfaces(self, template: Mapping[str, Any] | None) -> int:
        """Elastic Fabric Adapters of a node that is launched from a template."""
        interfaces = self._launched_with(template).get("NetworkInterfaces", [])
        return sum(each.get("InterfaceType", "").startswith("efa") for each in interfaces)

    def _launched_with(self, template: Mapping[str, Any] | None) -> dict[str, Any]:
        found = self.ec2.launch_templates.get((template or {}).get("id", ""))
        return found.versions[int(template["version"]) - 1].data if template and found else {}

    def gpu_parts(self, template: Mapping[str, Any] | None) -> int:
        """Into how many parts user data has Bottlerocket divide each GPU of a node."""
        user_data = self._launched_with(template).get("UserData")
        if not user_data:
            return 1
        settings = tomllib.loads(b64decode(str(user_data)).decode()).get("settings", {})
        nvidia = settings.get("kubelet-device-plugins", {}).get("nvidia", {})
        profile = [int(parts) for parts in nvidia.get("mig", {}).get("profile", {}).values()]
        slices = nvidia.get("time-slicing", {}).get("replicas", 1)
        return max(profile, default=1) * slices

    def ensure_log_group(self, name: str) -> None:
        """Create a log group unless it exists, as EKS does when a cluster begins to log."""
        logs = logs_backends[self.account_id][self.region]
        if name not in logs.groups:
            logs.create_log_group(name, {})

    def create_cluster_security_group(self, cluster_name: str, vpc_id: str) -> str:
        """The group that EKS puts on control plane and nodes; its members may talk. Returns its id."""
        group = self.ec2.create_security_group(
            f"eks-cluster-sg-{cluster_name}-{secrets.randbelow(10**10):010d}",
            "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
            "as well as any managed workloads.",
            vpc_id=vpc_id,
            tags={f"kubernetes.io/cluster/{cluster_name}": "owned", "aws:eks:cluster-name": cluster_name},
        )
        self.ec2.authorize_security_group_ingress(
            group.id, "-1", None, None, ip_ranges=[], source_groups=[{"GroupId": group.id}]
        )
        return group.id


def gpu_count(instance_type: str) -> int:
    """Number of GPUs that an instance type has."""
    gpus = INSTANCE_TYPES.get(instance_type, {}).get("GpuInfo", {}).get("Gpus", [])
    return sum(gpu["Count"] for gpu in gpus)


def trusts(role: Role, service: str, action: str = "sts:AssumeRole") -> bool:
    """Whether a role's trust policy lets an AWS service (`eks.amazonaws.com`) do an action."""
    statements = json.loads(role.assume_role_policy_document).get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        actions = statement.get("Action", [])
        if (
            statement.get("Effect") == "Allow"
            and service in ([services] if isinstance(services, str) else services)
            and {action, "sts:*", "*"} & set([actions] if isinstance(actions, str) else actions)
        ):
            return True
    return False
