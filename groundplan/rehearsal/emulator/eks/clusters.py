"""Clusters: they answer with the rehearsal's own API server and its certificate authority."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.sts.models import sts_backends

from groundplan.rehearsal.emulator.eks import access
from groundplan.rehearsal.emulator.eks.errors import (
    InvalidParameterError,
    InvalidRequestError,
    ResourceInUseError,
)
from groundplan.rehearsal.emulator.eks.operations import Operations
from groundplan.rehearsal.emulator.eks.store import KUBERNETES_VERSION, Cluster, Record, now, unique_id

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_MINIMUM_ZONES = 2


class ClusterOperations(Operations):
    """CreateCluster and what follows from it."""

    def create_cluster(self) -> ActionResult:
        """CreateCluster: active at once, for its API server runs already."""
        name = self.params["name"]
        if name in self.store.clusters:
            raise ResourceInUseError(f"Cluster already exists with name: {name}", clusterName=name)
        version = self.params.get("version", KUBERNETES_VERSION)
        if version != KUBERNETES_VERSION:
            raise InvalidParameterError(
                f"unsupported Kubernetes version {version} (here runs {KUBERNETES_VERSION})"
            )
        self._account.require_trusted_role(self.params["roleArn"], "eks.amazonaws.com")
        for encryption in self.params.get("encryptionConfig") or []:
            self._account.require_key(encryption["provider"]["keyArn"])
        cluster = Cluster(self._new_cluster(name, version))
        self.store.clusters[name] = cluster
        if cluster.record["accessConfig"]["bootstrapClusterCreatorAdminPermissions"]:
            self._admit_creator(cluster)
        self._begin_logging(cluster)
        self.store.notify()
        return ActionResult({"cluster": cluster.record})

    def _new_cluster(self, name: str, version: str) -> Record:
        requested_access = self.params.get("accessConfig") or {}
        issuers = f"https://oidc.eks.{self.store.region}.amazonaws.com/id"
        requested_network = self.params.get("kubernetesNetworkConfig") or {}
        return {
            "name": name,
            "arn": self.store.arn("cluster", name),
            "createdAt": now(),
            "version": version,
            "endpoint": self.store.endpoint,
            "roleArn": self.params["roleArn"],
            "resourcesVpcConfig": self._new_vpc_config(name, self.params["resourcesVpcConfig"]),
            "kubernetesNetworkConfig": {
                "serviceIpv4Cidr": requested_network.get("serviceIpv4Cidr", "172.20.0.0/16"),
                "ipFamily": requested_network.get("ipFamily", "ipv4"),
                "elasticLoadBalancing": {"enabled": False},
            },
            "logging": _complete_logging(self.params.get("logging")),
            "identity": {"oidc": {"issuer": f"{issuers}/{unique_id().replace('-', '').upper()}"}},
            "status": "ACTIVE",
            "certificateAuthority": {"data": self.store.certificate_authority},
            "platformVersion": "eks.1",
            "tags": self.params.get("tags") or {},
            "encryptionConfig": self.params.get("encryptionConfig"),
            "health": {"issues": []},
            "accessConfig": {
                "authenticationMode": requested_access.get("authenticationMode", "CONFIG_MAP"),
                "bootstrapClusterCreatorAdminPermissions": requested_access.get(
                    "bootstrapClusterCreatorAdminPermissions", True
                ),
            },
            "upgradePolicy": self.params.get("upgradePolicy") or {"supportType": "EXTENDED"},
            "zonalShiftConfig": self.params.get("zonalShiftConfig"),
            "deletionProtection": bool(self.params.get("deletionProtection")),
        }

    def _new_vpc_config(self, name: str, requested: Record) -> Record:
        subnets = self._account.require_subnets(requested.get("subnetIds") or [])
        if len({subnet.availability_zone for subnet in subnets}) < _MINIMUM_ZONES:
            raise InvalidParameterError(
                "Subnets specified must be in at least two different AZs", clusterName=name
            )
        public = requested.get("endpointPublicAccess", True)
        private = requested.get("endpointPrivateAccess", False)
        if not public and not private:
            raise InvalidParameterError(
                "Private and public endpoint access cannot both be false", clusterName=name
            )
        return {
            "subnetIds": [subnet.id for subnet in subnets],
            "securityGroupIds": requested.get("securityGroupIds") or [],
            "clusterSecurityGroupId": self._account.create_cluster_security_group(name, subnets[0].vpc_id),
            "vpcId": subnets[0].vpc_id,
            "endpointPublicAccess": public,
            "endpointPrivateAccess": private,
            "publicAccessCidrs": requested.get("publicAccessCidrs") or (["0.0.0.0/0"] if public else []),
        }

    def _admit_creator(self, cluster: Cluster) -> None:
        """Give the caller of CreateCluster an access entry with the cluster-admin policy."""
        _, arn, _ = sts_backends[self.store.account_id]["aws"].get_caller_identity(
            self.access_key, self.region
        )
        principal = access.principal_of(arn, self._account)
        if principal is None:
            raise InvalidRequestError(f"The caller {arn} is no IAM principal that could be given access")
        access.admit(self.store, cluster, principal)
        cluster.access_policies[principal] = {
            access.CLUSTER_ADMIN_POLICY: access.new_association(
                access.CLUSTER_ADMIN_POLICY, {"type": "cluster", "namespaces": []}
            )
        }

    def _begin_logging(self, cluster: Cluster) -> None:
        if any(entry["enabled"] for entry in cluster.record["logging"]["clusterLogging"]):
            self._account.ensure_log_group(f"/aws/eks/{cluster.name}/cluster")

    def describe_cluster(self) -> ActionResult:
        """DescribeCluster."""
        return ActionResult({"cluster": self._cluster().record})

    def list_clusters(self) -> ActionResult:
        """ListClusters."""
        return self._page("clusters", sorted(self.store.clusters))

    def delete_cluster(self) -> ActionResult:
        """DeleteCluster: refused while it has node groups or is protected; all else goes with it."""
        cluster = self._cluster()
        if cluster.node_groups:
            raise ResourceInUseError(
                "Cluster has nodegroups attached",
                clusterName=cluster.name,
                nodegroupName=", ".join(cluster.node_groups),
            )
        if cluster.record["deletionProtection"]:
            raise InvalidRequestError(
                "Cluster deletion is not allowed because deletion protection is enabled",
                clusterName=cluster.name,
            )
        del self.store.clusters[cluster.name]
        self._account.ec2.delete_security_group(
            group_id=cluster.record["resourcesVpcConfig"]["clusterSecurityGroupId"]
        )
        self.store.notify()
        return ActionResult({"cluster": cluster.record | {"status": "DELETING"}})

    def update_cluster_version(self) -> ActionResult:
        """UpdateClusterVersion: only the version that runs is on offer."""
        cluster = self._cluster()
        if self.params["version"] != KUBERNETES_VERSION:
            raise InvalidParameterError(f"unsupported Kubernetes version {self.params['version']}")
        return self._record_update(cluster, "VersionUpdate", {"Version": self.params["version"]})

    def update_cluster_config(self) -> ActionResult:
        """UpdateClusterConfig: one kind of change in a call, as AWS demands."""
        cluster = self._cluster()
        changes = {
            "resourcesVpcConfig": self._change_vpc_config,
            "logging": self._change_logging,
            "accessConfig": self._change_access,
            "upgradePolicy": self._change_upgrade_policy,
            "deletionProtection": self._change_deletion_protection,
        }
        given = [name for name in changes if self.params.get(name) is not None]
        if len(given) != 1:
            raise InvalidParameterError(
                f"Give exactly one of {', '.join(changes)}; given: {', '.join(given) or 'none'}",
                clusterName=cluster.name,
            )
        kind, params = changes[given[0]](cluster, self.params[given[0]])
        return self._record_update(cluster, kind, params)

    def _change_vpc_config(self, cluster: Cluster, requested: Record) -> tuple[str, dict[str, Any]]:
        current = cluster.record["resourcesVpcConfig"]
        if "subnetIds" in requested:
            self._account.require_subnets(requested["subnetIds"])
        current.update(requested)
        if {"subnetIds", "securityGroupIds"} & set(requested):
            return "VpcConfigUpdate", {
                "Subnets": current["subnetIds"],
                "SecurityGroups": current["securityGroupIds"],
            }
        return "EndpointAccessUpdate", {
            "EndpointPublicAccess": current["endpointPublicAccess"],
            "EndpointPrivateAccess": current["endpointPrivateAccess"],
            "PublicAccessCidrs": current["publicAccessCidrs"],
        }

    def _change_logging(self, cluster: Cluster, requested: Record) -> tuple[str, dict[str, Any]]:
        states = {
            kind: entry["enabled"]
            for entry in cluster.record["logging"]["clusterLogging"]
            for kind in entry["types"]
        }
        for entry in requested.get("clusterLogging") or []:
            states.update(dict.fromkeys(entry.get("types") or [], entry.get("enabled", False)))
        cluster.record["logging"] = _complete_logging(
            {"clusterLogging": [{"types": [kind for kind in LOG_TYPES if states[kind]], "enabled": True}]}
        )
        self._begin_logging(cluster)
        return "LoggingUpdate", {"ClusterLogging": requested}

    def _change_access(self, cluster: Cluster, requested: Record) -> tuple[str, dict[str, Any]]:
        cluster.record["accessConfig"].update(requested)
        return "AccessConfigUpdate", {"AuthenticationMode": requested.get("authenticationMode")}

    def _change_upgrade_policy(self, cluster: Cluster, requested: Record) -> tuple[str, dict[str, Any]]:
        cluster.record["upgradePolicy"] = requested
        return "UpgradePolicyUpdate", {"UpgradePolicy": requested}

    def _change_deletion_protection(self, cluster: Cluster, requested: bool) -> tuple[str, dict[str, Any]]:
        cluster.record["deletionProtection"] = requested
        return "DeletionProtectionUpdate", {"DeletionProtection": requested}


def _complete_logging(requested: Record | None) -> Record:
    """Every log type once, enabled ones first, as DescribeCluster answers."""
    entries = (requested or {}).get("clusterLogging") or []
    enabled = {kind for entry in entries if entry.get("enabled") for kind in entry.get("types") or []}
    groups = (
        {"types": [kind for kind in LOG_TYPES if kind in enabled], "enabled": True},
        {"types": [kind for kind in LOG_TYPES if kind not in enabled], "enabled": False},
    )
    return {"clusterLogging": [group for group in groups if group["types"]]}
