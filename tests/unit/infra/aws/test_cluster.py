"""Tests of the cluster, its add-ons and its managed pools."""

from __future__ import annotations

import json
import tomllib
from base64 import b64decode

import pytest

from tests.unit.infra.recording import ACCOUNT_ID, dev_estate, guarded_estate, prod_estate

CLUSTER = "aws:eks/cluster:Cluster"
GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
each_pool = pytest.mark.parametrize("pool", ["gpu", "system"])
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def test_the_api_server_is_private() -> None:
    """No public endpoint, and interfaces in isolated subnets only."""
    vpc = dev_estate().one(CLUSTER).inputs["vpcConfig"]
    assert (vpc["endpointPrivateAccess"], vpc["endpointPublicAccess"]) == (True, False)
    assert all("isolated" in subnet for subnet in vpc["subnetIds"])
    assert len(vpc["subnetIds"]) == 3


def test_access_is_by_entries_only() -> None:
    """API mode, no hidden administrator; the settings name the deployer, and the reader, who only looks."""
    estate = dev_estate()
    assert estate.one(CLUSTER).inputs["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }
    policies = {
        "groundplan-deployer": "AmazonEKSClusterAdminPolicy",
        "groundplan-reader": "AmazonEKSAdminViewPolicy",
    }
    for role, expected in policies.items():
        entry = estate.one("aws:eks/accessEntry:AccessEntry", f"groundplan-dev-{role}")
        assert entry.inputs["principalArn"] == f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"
        policy = estate.one(
            "aws:eks/accessPolicyAssociation:AccessPolicyAssociation", f"groundplan-dev-{role}"
        )
        assert policy.inputs["policyArn"].endswith(f"cluster-access-policy/{expected}")


def test_secrets_are_encrypted_and_everything_is_logged() -> None:
    """With the cluster's own key; into a log group of ours that is there before the cluster."""
    estate = dev_estate()
    cluster = estate.one(CLUSTER)
    assert cluster.inputs["encryptionConfig"] == {
        "provider": {"keyArn": "arn:of:aws:kms/key:Key:groundplan-dev-cluster"},
        "resources": ["secrets"],
    }
    assert len(cluster.inputs["enabledClusterLogTypes"]) == 5
    group = estate.one("aws:cloudwatch/logGroup:LogGroup", "groundplan-dev-cluster")
    assert group.inputs["name"] == "/aws/eks/groundplan-dev/cluster"
    assert group.urn in cluster.dependencies


def test_the_cluster_is_guarded_where_data_is_protected() -> None:
    """In production Pulumi refuses to delete it."""
    guarded, free = guarded_estate().one(CLUSTER), dev_estate().one(CLUSTER)
    assert guarded.protect
    assert guarded.inputs["deletionProtection"]
    assert not free.protect
    assert not free.inputs["deletionProtection"]


def test_api_clients_come_from_named_private_ranges() -> None:
    """HTTPS, from the ranges in the settings."""
    rule = dev_estate().one(RULE, "groundplan-dev-api-clients-0").inputs
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("10.0.0.0/8", 443, 443)


def test_add_ons_are_pinned() -> None:
    """Each has a version; network policies and prefixes are switched on."""
    addons = {addon.name: addon.inputs for addon in dev_estate().of("aws:eks/addon:Addon")}
    assert set(addons) == {
        "vpc-cni",
        "kube-proxy",
        "eks-pod-identity-agent",
        "eks-node-monitoring-agent",
        "coredns",
        "metrics-server",
        "aws-ebs-csi-driver",
    }
    assert all("-eksbuild." in inputs["addonVersion"] for inputs in addons.values())
    network = json.loads(addons["vpc-cni"]["configurationValues"])
    assert network["enableNetworkPolicy"] == "true"
    assert network["env"]["ENABLE_PREFIX_DELEGATION"] == "true"


def test_pods_are_in_subnets_of_their_own_zone_and_in_the_nodes_group() -> None:
    """Each zone's ENIConfig has the zone's name, by which nodes find it."""
    addon = dev_estate().one("aws:eks/addon:Addon", "vpc-cni").inputs
    network = json.loads(addon["configurationValues"])
    assert network["env"]["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] == "true"
    assert network["env"]["ENI_CONFIG_LABEL_DEF"] == "topology.kubernetes.io/zone"
    assert network["eniConfig"]["subnets"] == {
        zone: {"id": f"groundplan-dev-pods-{zone}-id", "securityGroups": ["groundplan-dev-nodes"]}
        for zone in ("eu-central-1a", "eu-central-1b", "eu-central-1c")
    }


def test_nodes_take_the_pods_that_prefixes_have_addresses_for() -> None:
    """Bottlerocket would count single addresses: on an m7i.large, 29."""
    for name in ("groundplan-dev-system", "groundplan-dev-gpu"):
        user_data = dev_estate().one("aws:ec2/launchTemplate:LaunchTemplate", name).inputs["userData"]
        settings = tomllib.loads(b64decode(user_data).decode())["settings"]
        assert settings["kubernetes"] == {"max-pods": 110}


@each_pool
def test_what_ec2_makes_for_a_pool_has_our_tags(pool: str) -> None:
    """The provider's do not reach machines, volumes and interfaces that a launch template makes."""
    made = dev_estate().one(TEMPLATE, f"groundplan-dev-{pool}").inputs["tagSpecifications"]
    assert {each["resourceType"] for each in made} == {"instance", "volume", "network-interface"}
    for each in made:
        assert {"Project", "Environment", "Stack", "Owner", "CostCenter", "ManagedBy"} < set(each["tags"])
        assert each["tags"]["groundplan.dev/pool"] == pool


def test_add_ons_come_in_the_order_in_which_they_can_work() -> None:
    """What nodes need is there before them; what needs nodes comes after them."""
    estate = dev_estate()
    names = [resource.name for resource in estate.resources if resource.custom]
    assert names.index("vpc-cni") < names.index("groundplan-dev-gpu") < names.index("coredns")


def test_a_pool_of_one_tenant_is_paid_by_its_budget() -> None:
    """Its nodes bear the tenant's name; a pool that several use bears none."""
    prod = prod_estate()

    def tenants(pool: str) -> set[str | None]:
        template = prod.one("aws:ec2/launchTemplate:LaunchTemplate", f"groundplan-prod-{pool}")
        return {each["tags"].get("Tenant") for each in template.inputs["tagSpecifications"]}

    assert (tenants("training"), tenants("system")) == ({"research"}, {None})
    classes = {
        each.inputs["metadata"]["name"]: each.inputs["spec"]["tags"].get("Tenant")
        for each in prod.resources
        if each.type.endswith(":EC2NodeClass")
    }
    assert classes == {"cpu": None, "inference": None, "evaluation": "quality"}


@pytest.mark.parametrize("name", ["coredns", "metrics-server"])
def test_deployments_of_add_ons_run_on_the_system_pool(name: str) -> None:
    """They choose its label and tolerate its taint; nothing else is there before pools with GPUs are."""
    configuration = json.loads(dev_estate().one("aws:eks/addon:Addon", name).inputs["configurationValues"])
    system = dev_estate().one(GROUP, "groundplan-dev-system").inputs
    assert configuration["nodeSelector"] == system["labels"] == {"groundplan.dev/pool": "system"}
    [toleration], [taint] = configuration["tolerations"], system["taints"]
    assert (toleration["key"], taint["effect"]) == (taint["key"], "NO_SCHEDULE")


def test_the_system_pool_is_small_fixed_and_repaired() -> None:
    """A managed node group without GPUs in all zones, always of one size, with volumes as all nodes have."""
    system = dev_estate().one(GROUP, "groundplan-dev-system").inputs
    assert system["instanceTypes"] == ["m7i.large"]
    assert system["amiType"] == "BOTTLEROCKET_x86_64"
    assert system["scalingConfig"] == {"minSize": 2, "desiredSize": 2, "maxSize": 2}
    assert system["nodeRepairConfig"] == {"enabled": True}
    assert len(system["subnetIds"]) == 3


def test_nodes_are_private_labelled_tainted_and_repaired() -> None:
    """Private subnets, one label, one taint, node repair on."""
    group = dev_estate().one(GROUP, "groundplan-dev-gpu")
    assert all("private" in subnet for subnet in group.inputs["subnetIds"])
    assert group.inputs["labels"] == {"groundplan.dev/pool": "gpu"}
    assert group.inputs["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
    assert group.inputs["nodeRepairConfig"] == {"enabled": True}
    assert group.inputs["instanceTypes"] == ["g6.12xlarge"]
    assert group.ignore_changes == ("scalingConfig.desiredSize",)


@each_pool
def test_pods_cannot_get_at_the_credentials_of_a_node(pool: str) -> None:
    """IMDSv2 only, and its answers end at the node."""
    template = dev_estate().one(TEMPLATE, f"groundplan-dev-{pool}")
    options = template.inputs["metadataOptions"]
    assert options["httpTokens"] == "required"
    assert options["httpPutResponseHopLimit"] == 1


@each_pool
def test_volumes_of_nodes_are_encrypted_with_their_own_key(pool: str) -> None:
    """Both of them: the system's and the data volume."""
    template = dev_estate().one(TEMPLATE, f"groundplan-dev-{pool}")
    volumes = [mapping["ebs"] for mapping in template.inputs["blockDeviceMappings"]]
    assert [volume["volumeSize"] for volume in volumes] == [4, {"gpu": 200, "system": 100}[pool]]
    for volume in volumes:
        assert volume["encrypted"] == "true"
        assert volume["kmsKeyId"] == "arn:of:aws:kms/key:Key:groundplan-dev-volumes"
