"""MSK clusters: provisioned and serverless, and what changes them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model

from groundplan.rehearsal.emulator.kafka.errors import BadRequestError, ConflictError, NotFoundError
from groundplan.rehearsal.emulator.kafka.operations import Operations
from groundplan.rehearsal.emulator.kafka.store import Record, now

_OFF = {"Enabled": False}
_DEFAULTS: Record = {
    "BrokerNodeGroupInfo": {
        "BrokerAZDistribution": "DEFAULT",
        "ConnectivityInfo": {
            "NetworkType": "IPV4",
            "PublicAccess": {"Type": "DISABLED"},
            "VpcConnectivity": {"ClientAuthentication": {"Sasl": {"Iam": _OFF, "Scram": _OFF}, "Tls": _OFF}},
        },
    },
    "ClientAuthentication": {
        "Sasl": {"Iam": _OFF, "Scram": _OFF},
        "Unauthenticated": _OFF,
    },
    "EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True}},
    "EnhancedMonitoring": "DEFAULT",
    "StorageMode": "LOCAL",
    "CustomerActionStatus": "NONE",
}
"""What MSK tells of a provisioned cluster that says nothing about it. It tells of client certificates only if
they were asked for: the acceptance tests of the Terraform provider rely on it."""
_PLAIN, _TLS, _IAM = 9092, 9094, 9098
_BOOTSTRAP_BROKERS = 3


class ClusterOperations(Operations):
    """Creation, description and deletion."""

    def create_cluster(self) -> ActionResult:
        """CreateCluster: a provisioned one."""
        asked = {name: value for name, value in self.params.items() if name not in {"ClusterName", "Tags"}}
        record = self._create({"Provisioned": self._provisioned(asked)})
        return ActionResult({name: record[name] for name in ("ClusterArn", "ClusterName", "State")})

    def create_cluster_v2(self) -> ActionResult:
        """CreateClusterV2: either form."""
        serverless, provisioned = self.params.get("Serverless"), self.params.get("Provisioned")
        if serverless:
            for config in serverless["VpcConfigs"]:
                self.store.require_subnets(config["SubnetIds"])
            record = self._create({"Serverless": serverless})
        elif provisioned:
            record = self._create({"Provisioned": self._provisioned(provisioned)})
        else:
            raise BadRequestError("Specify either provisioned or serverless.")
        names = ("ClusterArn", "ClusterName", "State", "ClusterType")
        return ActionResult({name: record[name] for name in names})

    def _create(self, form: Record) -> Record:
        name = self.params["ClusterName"]
        if any(cluster["ClusterName"] == name for cluster in self.store.clusters.values()):
            raise ConflictError("This cluster name already exists. Retry your request using another name.")
        kind = next(iter(form)).upper()
        record = {
            "ClusterArn": self.store.arn("cluster", name, "s1" if kind == "SERVERLESS" else "4"),
            "ClusterName": name,
            "ClusterType": kind,
            "CreationTime": now(),
            "CurrentVersion": "K1",
            "State": "ACTIVE",
            "Tags": dict(self.params.get("Tags") or {}),
            **form,
        }
        self.store.clusters[record["ClusterArn"]] = record
        return record

    def _provisioned(self, asked: Record) -> Record:
        record = _merged(_DEFAULTS, asked)
        nodes = record["BrokerNodeGroupInfo"]
        self.store.require_subnets(nodes["ClientSubnets"])
        if record["NumberOfBrokerNodes"] % len(nodes["ClientSubnets"]):
            raise BadRequestError("The number of broker nodes must be a multiple of Availability Zones.")
        if not nodes["InstanceType"].startswith("kafka."):
            raise BadRequestError(f"The instance type {nodes['InstanceType']} is not supported.")
        at_rest = record["EncryptionInfo"].setdefault("EncryptionAtRest", {})
        if "DataVolumeKMSKeyId" in at_rest:
            self.store.require_key(at_rest["DataVolumeKMSKeyId"])
        else:
            key = f"arn:aws:kms:{self.store.region}:{self.store.account_id}:alias/aws/kafka"
            at_rest["DataVolumeKMSKeyId"] = key
        software = {"KafkaVersion": record.pop("KafkaVersion")}
        software |= self._software(record.pop("ConfigurationInfo", None))
        return record | {"CurrentBrokerSoftwareInfo": software}

    def _software(self, chosen: Record | None) -> Record:
        """The configuration in the words of a cluster's description."""
        if not chosen:
            return {}
        if chosen["Revision"] not in self.store.configuration(chosen["Arn"]).revisions:
            raise BadRequestError("The configuration revision does not exist.")
        return {"ConfigurationArn": chosen["Arn"], "ConfigurationRevision": chosen["Revision"]}

    def describe_cluster_v2(self) -> ActionResult:
        """DescribeClusterV2."""
        return ActionResult({"ClusterInfo": self.store.cluster(self.params["ClusterArn"])})

    def describe_cluster(self) -> ActionResult:
        """DescribeCluster, which knows the provisioned form only."""
        record = self.store.cluster(self.params["ClusterArn"])
        if "Provisioned" not in record:
            raise BadRequestError("This operation cannot be performed on serverless clusters.")
        return ActionResult({"ClusterInfo": _first_version(record)})

    def list_clusters_v2(self) -> ActionResult:
        """ListClustersV2."""
        prefix, kind = self.params.get("ClusterNameFilter") or "", self.params.get("ClusterTypeFilter")
        found = [
            cluster
            for cluster in self.store.clusters.values()
            if cluster["ClusterName"].startswith(prefix) and kind in (None, cluster["ClusterType"])
        ]
        return self._page("ClusterInfoList", found)

    def list_clusters(self) -> ActionResult:
        """ListClusters, which knows the provisioned form only."""
        prefix = self.params.get("ClusterNameFilter") or ""
        found = [
            _first_version(cluster)
            for cluster in self.store.clusters.values()
            if cluster["ClusterName"].startswith(prefix) and "Provisioned" in cluster
        ]
        return self._page("ClusterInfoList", found)

    def delete_cluster(self) -> ActionResult:
        """DeleteCluster."""
        arn = self.params["ClusterArn"]
        self.store.cluster(arn)
        del self.store.clusters[arn]
        self.store.topics.pop(arn, None)
        return ActionResult({"ClusterArn": arn, "State": "DELETING"})

    def get_bootstrap_brokers(self) -> ActionResult:
        """GetBootstrapBrokers: up to three brokers for each way in that is open."""
        record = self.store.cluster(self.params["ClusterArn"])
        cluster_id = record["ClusterArn"].rpartition("/")[2][:8]
        region = self.store.region
        if "Serverless" in record:
            broker = f"boot-{cluster_id}.c1.kafka-serverless.{region}.amazonaws.com:{_IAM}"
            return ActionResult({"BootstrapBrokerStringSaslIam": broker})
        made = record["Provisioned"]
        hosts = [
            f"b-{number + 1}.{record['ClusterName'][:22]}.{cluster_id[:6]}.c4.kafka.{region}.amazonaws.com"
            for number in range(min(made["NumberOfBrokerNodes"], _BOOTSTRAP_BROKERS))
        ]
        access = made["ClientAuthentication"]
        transit = made["EncryptionInfo"]["EncryptionInTransit"]["ClientBroker"]
        iam = access["Sasl"]["Iam"]["Enabled"]
        anonymous = access["Unauthenticated"]["Enabled"] or not iam
        ways = {
            "BootstrapBrokerStringSaslIam": (_IAM, iam),
            "BootstrapBrokerStringTls": (
                _TLS,
                "TLS" in transit and (anonymous or access.get("Tls", _OFF)["Enabled"]),
            ),
            "BootstrapBrokerString": (_PLAIN, "PLAINTEXT" in transit),
        }
        return ActionResult(
            {
                name: ",".join(f"{host}:{port}" for host in hosts)
                for name, (port, is_open) in ways.items()
                if is_open
            }
        )


class UpdateOperations(ClusterOperations):
    """Changes of provisioned clusters; each takes effect at once."""

    def _update(self, kind: str, change: Mapping[str, Any]) -> ActionResult:
        arn = self.params["ClusterArn"]
        record = self.store.cluster(arn)
        if self.params["CurrentVersion"] != record["CurrentVersion"]:
            raise BadRequestError("This operation cannot be performed on the specified version.")
        record["Provisioned"] = _merged(record["Provisioned"], change)
        record["CurrentVersion"] = f"K{int(record['CurrentVersion'][1:]) + 1}"
        operation = self.store.arn("cluster-operation", record["ClusterName"], "4")
        self.store.operations[operation] = {
            "ClusterArn": arn,
            "CreationTime": now(),
            "EndTime": now(),
            "OperationArn": operation,
            "OperationState": "UPDATE_COMPLETE",
            "OperationType": kind,
        }
        return ActionResult({"ClusterArn": arn, "ClusterOperationArn": operation})

    def describe_cluster_operation(self) -> ActionResult:
        """DescribeClusterOperation."""
        arn = self.params["ClusterOperationArn"]
        if arn not in self.store.operations:
            raise NotFoundError(f"The operation {arn} does not exist.")
        return ActionResult({"ClusterOperationInfo": self.store.operations[arn]})

    def update_broker_count(self) -> ActionResult:
        """UpdateBrokerCount."""
        count = self.params["TargetNumberOfBrokerNodes"]
        return self._update("INCREASE_BROKER_COUNT", {"NumberOfBrokerNodes": count})

    def update_broker_type(self) -> ActionResult:
        """UpdateBrokerType."""
        nodes = {"InstanceType": self.params["TargetInstanceType"]}
        return self._update("UPDATE_BROKER_TYPE", {"BrokerNodeGroupInfo": nodes})

    def update_broker_storage(self) -> ActionResult:
        """UpdateBrokerStorage: of all brokers."""
        size = self.params["TargetBrokerEBSVolumeInfo"][0]["VolumeSizeGB"]
        nodes = {"StorageInfo": {"EbsStorageInfo": {"VolumeSize": size}}}
        return self._update("UPDATE_BROKER_STORAGE", {"BrokerNodeGroupInfo": nodes})

    def update_monitoring(self) -> ActionResult:
        """UpdateMonitoring."""
        names = ("EnhancedMonitoring", "LoggingInfo", "OpenMonitoring")
        change = {name: self.params[name] for name in names if self.params.get(name) is not None}
        return self._update("UPDATE_MONITORING", change)

    def update_cluster_configuration(self) -> ActionResult:
        """UpdateClusterConfiguration."""
        software = self._software(self.params["ConfigurationInfo"])
        return self._update("UPDATE_CLUSTER_CONFIGURATION", {"CurrentBrokerSoftwareInfo": software})

    def update_cluster_kafka_version(self) -> ActionResult:
        """UpdateClusterKafkaVersion."""
        software = {"KafkaVersion": self.params["TargetKafkaVersion"]}
        software |= self._software(self.params.get("ConfigurationInfo"))
        return self._update("UPDATE_CLUSTER_KAFKA_VERSION", {"CurrentBrokerSoftwareInfo": software})

    def update_security(self) -> ActionResult:
        """UpdateSecurity."""
        names = ("ClientAuthentication", "EncryptionInfo")
        change = {name: self.params[name] for name in names if self.params.get(name) is not None}
        return self._update("UPDATE_SECURITY", change)


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Record:
    """A copy of `base` in which `over` wins; structures are merged, None changes nothing."""
    result = deepcopy(dict(base))
    for name, value in over.items():
        if isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = _merged(result[name], value)
        elif value is not None:
            result[name] = deepcopy(value)
    return result


def _first_version(record: Record) -> Record:
    """A cluster as the first version of the API tells it: one structure without forms."""
    members = get_service_model("kafka").shape_for("ClusterInfo").members
    flat = record | record["Provisioned"]
    return {name: value for name, value in flat.items() if name in members}
