"""Add-ons. What they would install is an engine of the rehearsal, so an add-on is active at once."""

from __future__ import annotations

import json
import re

from moto.core.responses import ActionResult

from groundplan.rehearsal.emulator.eks import pod_identity
from groundplan.rehearsal.emulator.eks.errors import (
    InvalidParameterError,
    ResourceInUseError,
    ResourceNotFoundError,
)
from groundplan.rehearsal.emulator.eks.operations import Operations
from groundplan.rehearsal.emulator.eks.store import KUBERNETES_VERSION, Cluster, Record, now, unique_id

DEFAULT_VERSIONS = {
    "amazon-cloudwatch-observability": "v4.9.0-eksbuild.1",
    "aws-ebs-csi-driver": "v1.54.0-eksbuild.1",
    "aws-efs-csi-driver": "v2.2.0-eksbuild.1",
    "aws-fsx-csi-driver": "v1.8.0-eksbuild.1",
    "aws-mountpoint-s3-csi-driver": "v2.2.2-eksbuild.1",
    "coredns": "v1.13.1-eksbuild.1",
    "eks-node-monitoring-agent": "v1.5.1-eksbuild.1",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.2",
    "kube-proxy": "v1.35.0-eksbuild.2",
    "metrics-server": "v0.8.0-eksbuild.6",
    "vpc-cni": "v1.21.1-eksbuild.1",
}
"""Add-ons on offer, each with its default version. Any version of EKS' form is accepted."""

_VERSION_FORM = re.compile(r"v\d+\.\d+\.\d+-eksbuild\.\d+")


class AddonOperations(Operations):
    """CreateAddon and what follows from it."""

    def _addon(self, cluster: Cluster) -> Record:
        name = self.params["addonName"]
        if name not in cluster.addons:
            raise ResourceNotFoundError(
                f"No addon: {name} found in cluster: {cluster.name}", clusterName=cluster.name, addonName=name
            )
        return cluster.addons[name]

    def _check_addon(self, name: str) -> None:
        version = self.params.get("addonVersion")
        if name not in DEFAULT_VERSIONS:
            raise InvalidParameterError(f"Addon {name} specified is not supported", addonName=name)
        if version and not _VERSION_FORM.fullmatch(version):
            raise InvalidParameterError(
                f"Addon version specified is not supported: {version}", addonName=name
            )
        try:
            json.loads(self.params.get("configurationValues") or "{}")
        except ValueError as error:
            raise InvalidParameterError(
                f"ConfigurationValue is not valid JSON: {error}", addonName=name
            ) from None
        for wanted in self.params.get("podIdentityAssociations") or []:
            if self._account.role(wanted["roleArn"]) is None:
                raise InvalidParameterError("Role provided in the request does not exist.", addonName=name)

    def create_addon(self) -> ActionResult:
        """CreateAddon."""
        cluster, name = self._cluster(), self.params["addonName"]
        if name in cluster.addons:
            raise ResourceInUseError("Addon already exists.", clusterName=cluster.name, addonName=name)
        self._check_addon(name)
        addon: Record = {
            "addonName": name,
            "clusterName": cluster.name,
            "status": "ACTIVE",
            "addonVersion": self.params.get("addonVersion", DEFAULT_VERSIONS[name]),
            "health": {"issues": []},
            "addonArn": self.store.arn("addon", cluster.name, name, unique_id()),
            "createdAt": now(),
            "modifiedAt": now(),
            "serviceAccountRoleArn": self.params.get("serviceAccountRoleArn"),
            "tags": self.params.get("tags") or {},
            "configurationValues": self.params.get("configurationValues"),
        }
        cluster.addons[name] = addon
        self._associate(cluster, addon)
        return ActionResult({"addon": addon})

    def _associate(self, cluster: Cluster, addon: Record) -> None:
        """Make the add-on own exactly the pod identity associations that the request names."""
        wanted = self.params.get("podIdentityAssociations")
        if wanted is None:
            return
        self._release(cluster, addon)
        addon["podIdentityAssociations"] = [
            pod_identity.associate(
                self.store, cluster, item | {"namespace": "kube-system", "ownerArn": addon["addonArn"]}
            )["associationArn"]
            for item in wanted
        ]

    def _release(self, cluster: Cluster, addon: Record) -> None:
        for association_id, record in list(cluster.associations.items()):
            if record["ownerArn"] == addon["addonArn"]:
                del cluster.associations[association_id]

    def describe_addon(self) -> ActionResult:
        """DescribeAddon."""
        return ActionResult({"addon": self._addon(self._cluster())})

    def list_addons(self) -> ActionResult:
        """ListAddons."""
        return self._page("addons", sorted(self._cluster().addons))

    def update_addon(self) -> ActionResult:
        """UpdateAddon."""
        cluster = self._cluster()
        addon = self._addon(cluster)
        self._check_addon(addon["addonName"])
        addon.update(
            self._pick("addonVersion", "serviceAccountRoleArn", "configurationValues"), modifiedAt=now()
        )
        self._associate(cluster, addon)
        return self._record_update(cluster, "AddonUpdate", {"AddonVersion": addon["addonVersion"]})

    def delete_addon(self) -> ActionResult:
        """DeleteAddon, and with it the associations it owns."""
        cluster = self._cluster()
        addon = self._addon(cluster)
        del cluster.addons[addon["addonName"]]
        self._release(cluster, addon)
        self.store.notify()
        return ActionResult({"addon": addon | {"status": "DELETING"}})

    def describe_addon_versions(self) -> ActionResult:
        """DescribeAddonVersions: one version an add-on."""
        name, version = self.params.get("addonName"), self.params.get("kubernetesVersion", KUBERNETES_VERSION)
        offered = [
            {
                "addonName": addon,
                "type": "infra-management",
                "addonVersions": [
                    {
                        "addonVersion": addon_version,
                        "architecture": ["amd64", "arm64"],
                        "compatibilities": [
                            {"clusterVersion": version, "platformVersions": ["*"], "defaultVersion": True}
                        ],
                        "requiresConfiguration": False,
                        "requiresIamPermissions": False,
                    }
                ],
                "publisher": "eks",
                "owner": "aws",
            }
            for addon, addon_version in DEFAULT_VERSIONS.items()
            if name in {None, addon} and version == KUBERNETES_VERSION
        ]
        return self._page("addons", offered)
