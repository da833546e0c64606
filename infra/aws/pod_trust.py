"""Who may take the role of pods: one service account of one cluster, by EKS Pod Identity."""

from __future__ import annotations

from pulumi import Input, Output

from infra.aws.account import Account
from infra.aws.documents import allow, document


def trust_of_pods(
    account: Account, cluster_arn: Input[str], namespace: str, service_account: str
) -> Output[str]:
    """The trust policy of a role that EKS hands to the pods of one service account."""
    return document(
        allow(
            "AssumedByPods",
            principals={"Service": "pods.eks.amazonaws.com"},
            actions=["sts:AssumeRole", "sts:TagSession"],
            conditions={
                "StringEquals": {
                    "aws:SourceAccount": account.id,
                    "aws:RequestTag/kubernetes-namespace": namespace,
                    "aws:RequestTag/kubernetes-service-account": service_account,
                },
                "ArnEquals": {"aws:SourceArn": cluster_arn},
            },
        )
    )
