"""Where resources other than buckets and keys hold a policy of their own."""

from __future__ import annotations

from policies.core.documents import Statement
from policies.core.resources import Resource

PROPERTIES = {
    "aws:sns/topic:Topic": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:sqs/queue:Queue": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
    "aws:secretsmanager/secret:Secret": "policy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
    "aws:backup/vaultPolicy:VaultPolicy": "policy",
    "aws:msk/clusterPolicy:ClusterPolicy": "policy",
    "aws:ecr/registryPolicy:RegistryPolicy": "policy",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": "policy",
}
"""The property that holds it, by type. Repositories, endpoints, buckets and keys have rules of their own."""


def resource_statements(resource: Resource) -> list[Statement]:
    """The statements that let somebody in."""
    statements = resource.view.statements(PROPERTIES[resource.type])
    return [statement for statement in statements if statement.allow]
