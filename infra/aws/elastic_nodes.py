"""What Karpenter needs in the account: an identity, a role for its nodes, and news of interruptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output
from pulumi_aws.eks.access_entry import AccessEntry
from pulumi_aws.iam.instance_profile import InstanceProfile

from infra.aws import key_policies
from infra.aws.account import Account
from infra.aws.interruptions import create_interruption_queue
from infra.aws.karpenter_policy import Scope, controller_statements
from infra.aws.keys import create_class_key
from infra.aws.node_role import create_node_role
from infra.aws.pod_role import create_pod_role
from infra.conventions import KARPENTER_ACCOUNT, ComponentType, physical_name, registered

CONTROLLER = "karpenter"
"""Last part of the name of the controller's role; the policy of the volumes' key names it, too."""

NODES = "elastic-node"
"""Last part of the name of its nodes' role."""


@dataclass(frozen=True, kw_only=True)
class ElasticNodesArgs:
    """What they are made from.

    Args:
        environment: part of every name.
        account: where nodes are launched.
        cluster: name of the cluster, as text.
        cluster_name: the same, known once the cluster is there.
        cluster_arn: its ARN.
        subnet_ids: private subnets in which nodes may be.
        security_group_id: the security group of all nodes.
        administrators: names of the IAM roles that may manage the queue's key, but not decrypt with it.
        volumes_key_arn: KMS key of the volumes of nodes.
        protect: refuse to delete the key.
    """

    environment: str
    account: Account
    cluster: str
    cluster_name: Input[str]
    cluster_arn: Input[str]
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    administrators: Sequence[str]
    volumes_key_arn: Input[str]
    protect: bool


@dataclass(frozen=True, kw_only=True)
class ElasticNodesOutputs:
    """Known once Karpenter can launch nodes that join: profile of nodes, role and queue of Karpenter."""

    instance_profile: Output[str]
    controller_role_arn: Output[str]
    queue: Output[str]


class ElasticNodes(pulumi.ComponentResource):
    """Karpenter launches and ends nodes of its own, in our subnets and with one role; nothing else."""

    def __init__(self, name: str, args: ElasticNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ComponentType.ELASTIC_NODES, name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._name = physical_name(args.environment, CONTROLLER)
        role = create_node_role(args.environment, args.account, self._child, NODES)
        queue_key_arn = self._create_key()
        profile = InstanceProfile(
            physical_name(args.environment, NODES),
            name=physical_name(args.environment, NODES),
            role=role.name,
            opts=self._child,
        )
        entry = AccessEntry(
            physical_name(args.environment, NODES),
            cluster_name=args.cluster_name,
            principal_arn=role.arn,
            type="EC2_LINUX",
            opts=self._child,
        )
        queue, told = create_interruption_queue(
            self._name, account=args.account, key_arn=queue_key_arn, opts=self._child
        )
        controller = self._create_controller(
            Scope(
                account=args.account,
                cluster=args.cluster,
                cluster_arn=args.cluster_arn,
                subnet_ids=args.subnet_ids,
                security_group_id=args.security_group_id,
                # By name: it is known before the role is there, and so is what the policy allows.
                node_role_arn=args.account.role_arn(physical_name(args.environment, NODES)),
                profile_arn=profile.arn,
                queue_arn=queue.arn,
                queue_key_arn=queue_key_arn,
                volumes_key_arn=args.volumes_key_arn,
            )
        )
        self.outputs = ElasticNodesOutputs(
            instance_profile=_after(profile.name, entry),
            controller_role_arn=controller,
            queue=_after(queue.name, *told),
        )
        self.register_outputs(registered(self.outputs))

    def _create_key(self) -> Output[str]:
        args = self._args
        return create_class_key(
            "interruptions",
            environment=args.environment,
            account=args.account,
            administrators=args.administrators,
            protects="news of instances that EC2 takes away",
            use=key_policies.used_by_interruptions(args.account),
            protect=args.protect,
            opts=self._child,
        )

    def _create_controller(self, scope: Scope) -> Output[str]:
        """Karpenter's own role, which only its service account can take; its ARN, once pods get it."""
        args = self._args
        return create_pod_role(
            self._name,
            account=args.account,
            cluster_name=args.cluster_name,
            cluster_arn=args.cluster_arn,
            pods=KARPENTER_ACCOUNT,
            description="Karpenter: launches and ends nodes",
            purpose="nodes",
            statements=controller_statements(scope),
            opts=self._child,
        ).arn


def _after(value: Output[str], *resources: pulumi.CustomResource) -> Output[str]:
    """The value, once the resources are there."""
    return Output.all(value, *(resource.id for resource in resources)).apply(lambda values: values[0])
