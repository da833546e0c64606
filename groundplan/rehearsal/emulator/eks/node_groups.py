"""Managed node groups. The rehearsal's real kubelet becomes their node (see controllers.nodes)."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult

from groundplan.rehearsal.emulator.eks import access
from groundplan.rehearsal.emulator.eks.errors import (
    InvalidParameterError,
    ResourceInUseError,
    ResourceNotFoundError,
)
from groundplan.rehearsal.emulator.eks.operations import Operations
from groundplan.rehearsal.emulator.eks.store import KUBERNETES_VERSION, Cluster, Record, now, unique_id

_RELEASE = f"{KUBERNETES_VERSION}.0-20260120"
_DEFAULT_INSTANCE_TYPE = "t3.medium"
_DEFAULT_DISK_GIB = 20
_DEFAULT_SIZES = {"minSize": 1, "maxSize": 2, "desiredSize": 2}


def _sizes(sizes: dict[str, int]) -> dict[str, int]:
    """What a group's sizes become.

    Raises:
        InvalidParameterError: they do not rise from the least to the most.
    """
    least, desired, most = (sizes[name] for name in ("minSize", "desiredSize", "maxSize"))
    if not least <= desired <= most:
        raise InvalidParameterError(
            f"Minimum capacity {least} can't be greater than desired size {desired}"
            if least > desired
            else f"desired capacity {desired} can't be greater than max size {most}"
        )
    return sizes


class NodeGroupOperations(Operations):
    """CreateNodegroup and what follows from it."""

    def _node_group(self, cluster: Cluster) -> Record:
        name = self.params["nodegroupName"]
        if name not in cluster.node_groups:
            raise ResourceNotFoundError(
                f"No node group found for name: {name}.", clusterName=cluster.name, nodegroupName=name
            )
        return cluster.node_groups[name]

    def create_nodegroup(self) -> ActionResult:
        """CreateNodegroup: active at once; its node joins as soon as the node controller sees it."""
        cluster, name = self._cluster(), self.params["nodegroupName"]
        if name in cluster.node_groups:
            raise ResourceInUseError(
                f"NodeGroup already exists with name {name} and cluster name {cluster.name}",
                clusterName=cluster.name,
                nodegroupName=name,
            )
        self._account.require_trusted_role(self.params["nodeRole"], "ec2.amazonaws.com")
        self._account.require_subnets(self.params["subnets"])
        self._account.require_instance_types(self.params.get("instanceTypes") or [])
        group = self._new_node_group(cluster, name)
        cluster.node_groups[name] = group
        if (
            cluster.record["accessConfig"]["authenticationMode"] != "CONFIG_MAP"
            and group["nodeRole"] not in cluster.access_entries
        ):
            access.admit(self.store, cluster, group["nodeRole"], {"type": "EC2_LINUX"})
        self.store.notify()
        return ActionResult({"nodegroup": group})

    def _new_node_group(self, cluster: Cluster, name: str) -> Record:
        group_id = unique_id()
        template, template_data = self._launch_template(self.params.get("launchTemplate"))
        self._check_capacity_block(template_data)
        return {
            "nodegroupName": name,
            "nodegroupArn": self.store.arn("nodegroup", cluster.name, name, group_id),
            "clusterName": cluster.name,
            "version": self.params.get("version", cluster.record["version"]),
            "releaseVersion": self.params.get("releaseVersion", _RELEASE),
            "createdAt": now(),
            "modifiedAt": now(),
            "status": "ACTIVE",
            "capacityType": self.params.get("capacityType", "ON_DEMAND"),
            "scalingConfig": _sizes(_DEFAULT_SIZES | (self.params.get("scalingConfig") or {})),
            "instanceTypes": self._instance_types(template_data),
            "subnets": self.params["subnets"],
            "remoteAccess": self.params.get("remoteAccess"),
            "amiType": "CUSTOM"
            if template_data.get("ImageId")
            else self.params.get("amiType", "AL2023_x86_64_STANDARD"),
            "nodeRole": self.params["nodeRole"],
            "labels": self.params.get("labels") or {},
            "taints": self.params.get("taints") or [],
            "resources": {"autoScalingGroups": [{"name": f"eks-{name}-{group_id}"}]},
            "diskSize": None if template else self.params.get("diskSize", _DEFAULT_DISK_GIB),
            "health": {"issues": []},
            "updateConfig": self.params.get("updateConfig") or {"maxUnavailable": 1},
            "nodeRepairConfig": self.params.get("nodeRepairConfig") or {"enabled": False},
            "launchTemplate": template,
            "tags": self.params.get("tags") or {},
        }

    def _instance_types(self, template_data: dict[str, Any]) -> list[str] | None:
        requested = self.params.get("instanceTypes")
        if requested and template_data.get("InstanceType"):
            raise InvalidParameterError(
                "Instance types can be specified in the launch template or in the node group, not in both."
            )
        return None if template_data.get("InstanceType") else requested or [_DEFAULT_INSTANCE_TYPE]

    def _check_capacity_block(self, template_data: dict[str, Any]) -> None:
        """Source: https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html."""
        if self.params.get("capacityType") != "CAPACITY_BLOCK":
            return
        target = (template_data.get("CapacityReservationSpecification") or {}).get(
            "CapacityReservationTarget"
        )
        market = (template_data.get("InstanceMarketOptions") or {}).get("MarketType")
        if market != "capacity-block" or not target or not template_data.get("InstanceType"):
            raise InvalidParameterError(
                "The launch template of a node group with capacity type CAPACITY_BLOCK must have an instance "
                "type, the market type capacity-block, and a capacity reservation target."
            )

    def _launch_template(self, requested: Record | None) -> tuple[Record | None, dict[str, Any]]:
        """The template with both its id and name and the version filled in, and the data of that version."""
        if not requested:
            return None, {}
        if self.params.get("diskSize"):
            raise InvalidParameterError("Disk size must be specified within the launch template.")
        template = next(
            (
                candidate
                for candidate in self._account.ec2.launch_templates.values()
                if candidate.id == requested.get("id") or candidate.name == requested.get("name")
            ),
            None,
        )
        if template is None:
            raise InvalidParameterError(
                f"Launch template {requested.get('id') or requested.get('name')} does not exist"
            )
        number = str(requested.get("version") or template.default_version_number)
        if not number.isdigit() or not 0 < int(number) <= len(template.versions):
            raise InvalidParameterError(f"Launch template {template.name} has no version {number}")
        return (
            {"id": template.id, "name": template.name, "version": number},
            template.versions[int(number) - 1].data,
        )

    def describe_nodegroup(self) -> ActionResult:
        """DescribeNodegroup."""
        return ActionResult({"nodegroup": self._node_group(self._cluster())})

    def list_nodegroups(self) -> ActionResult:
        """ListNodegroups."""
        return self._page("nodegroups", sorted(self._cluster().node_groups))

    def delete_nodegroup(self) -> ActionResult:
        """DeleteNodegroup: its node is drained of its role by the node controller."""
        cluster = self._cluster()
        group = self._node_group(cluster)
        del cluster.node_groups[group["nodegroupName"]]
        self.store.notify()
        return ActionResult({"nodegroup": group | {"status": "DELETING"}})

    def update_nodegroup_config(self) -> ActionResult:
        """UpdateNodegroupConfig: labels, taints, size, update and repair settings."""
        cluster = self._cluster()
        group = self._node_group(cluster)
        changes: dict[str, Any] = {}
        labels = self.params.get("labels")
        if labels:
            group["labels"].update(labels.get("addOrUpdateLabels") or {})
            for key in labels.get("removeLabels") or []:
                group["labels"].pop(key, None)
            changes |= {
                "LabelsToAdd": labels.get("addOrUpdateLabels"),
                "LabelsToRemove": labels.get("removeLabels"),
            }
        taints = self.params.get("taints")
        if taints:
            added, removed = taints.get("addOrUpdateTaints") or [], taints.get("removeTaints") or []
            gone = {(taint["key"], taint["effect"]) for taint in (*added, *removed)}
            kept = [taint for taint in group["taints"] if (taint["key"], taint["effect"]) not in gone]
            group["taints"] = kept + added
            changes |= {"TaintsToAdd": added, "TaintsToRemove": removed}
        scaling = self.params.get("scalingConfig")
        if scaling:
            group["scalingConfig"] = _sizes(group["scalingConfig"] | scaling)
            changes |= {name[0].upper() + name[1:]: size for name, size in scaling.items()}
        for name, kind in (("updateConfig", "MaxUnavailable"), ("nodeRepairConfig", "NodeRepairEnabled")):
            if self.params.get(name):
                group[name] = self.params[name]
                changes[kind] = self.params[name]
        group["modifiedAt"] = now()
        return self._record_update(cluster, "ConfigUpdate", changes)

    def update_nodegroup_version(self) -> ActionResult:
        """UpdateNodegroupVersion: a new version of the launch template or of the image."""
        cluster = self._cluster()
        group = self._node_group(cluster)
        if self.params.get("launchTemplate"):
            group["launchTemplate"], _ = self._launch_template(self.params["launchTemplate"])
        group.update(self._pick("version", "releaseVersion"), modifiedAt=now())
        return self._record_update(
            cluster,
            "VersionUpdate",
            {"Version": group["version"], "ReleaseVersion": group["releaseVersion"]},
        )
