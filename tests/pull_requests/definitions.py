"""Prepared pull requests: each a change of settings or of sources, of the kind that people really make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A change to some files.

    Args:
        name: short; names its recording and its golden file.
        title: what its author would write.
        environment: the stack for which it is shown.
        edits: by file, old texts and what stands in their place; each old text is there exactly once.
    """

    name: str
    title: str
    environment: str
    edits: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


DEV, PROD = "stacks/Pulumi.dev.yaml", "stacks/Pulumi.prod.yaml"
_SPEECH = """\
      speech:
        dataset: calls
        model: transcriber
        pool: speech
        quota: {cpus: 64, memory_gib: 256, gpus: 8}
        training: {nodes: 2}
        inference:
          replicas: {min: 2, max: 4}
          caller_ranges: [10.0.0.0/8]
"""
_POOL = """\
      speech:
        instance_type: g6.12xlarge
        nodes: {min: 0, desired: 0, max: 2}
"""

_MORE_QUOTA = ("on_demand: {standard: 32, g: 288}", "on_demand: {standard: 32, g: 384}")

PULL_REQUESTS = (
    PullRequest(
        name="description",
        title="Say better what the cluster's role is for",
        environment="dev",
        edits={
            "infra/aws/cluster.py": (
                (
                    'description="Lets the EKS control plane manage network interfaces and load balancers"',
                    'description="What the control plane of EKS does in this account, it does as this role"',
                ),
            )
        },
    ),
    PullRequest(
        name="settings-reordered",
        title="Sort the settings of dev",
        environment="dev",
        edits={
            DEV: (
                (
                    "    owner: platform-team                # the next two become tags on every resource\n",
                    "",
                ),
                (
                    "    cost_center: ai-platform\n",
                    "    cost_center: ai-platform\n    owner: platform-team\n",
                ),
                ("      noncurrent_days: 30               # how long replaced", "      # how long replaced"),
                ("      checkpoint_days: 14\n", "      checkpoint_days: 14\n      noncurrent_days: 30\n"),
                ("{min: 0, desired: 1, max: 6}", "{max: 6, min: 0, desired: 1}"),
                ("{cpus: 128, memory_gib: 512, gpus: 24}", "{gpus: 24, memory_gib: 512, cpus: 128}"),
            )
        },
    ),
    PullRequest(
        name="bucket-renamed",
        title="Call the raw zone of the lake landing",
        environment="dev",
        edits={
            "infra/aws/lake.py": (
                (
                    "    return physical_name(environment, zone, account.id)",
                    '    return physical_name(environment, "landing" if zone == "raw" else zone, account.id)',
                ),
            )
        },
    ),
    PullRequest(
        name="wider-role",
        title="Let the cluster do all with keys",
        environment="dev",
        edits={
            "infra/aws/cluster.py": (
                (
                    'actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"],\n'
                    "                    resources=[args.secrets_key_arn],",
                    'actions=["kms:*", "iam:PassRole"],\n                    resources=["*"],',
                ),
            )
        },
    ),
    PullRequest(
        name="smaller-network",
        title="Give back half of dev's addresses",
        environment="dev",
        edits={DEV: (("vpc_range: 10.40.0.0/16", "vpc_range: 10.40.0.0/17"),)},
    ),
    PullRequest(
        name="new-tenant",
        title="Take in the speech team",
        environment="dev",
        edits={
            DEV: (
                ("    tenants:\n", "    tenants:\n" + _SPEECH.replace("pool: speech", "pool: gpu")),
                ("nodes: {min: 0, desired: 1, max: 6}", "nodes: {min: 0, desired: 1, max: 8}"),
                _MORE_QUOTA,
            )
        },
    ),
    PullRequest(
        name="new-gpu-pool",
        title="A pool of its own for speech",
        environment="dev",
        edits={DEV: (("    gpu_pools:\n", "    gpu_pools:\n" + _POOL), _MORE_QUOTA)},
    ),
    PullRequest(
        name="key-removed",
        title="Encrypt backups with AWS' own key",
        environment="prod",
        edits={
            "infra/aws/encryption.py": (
                (
                    'backups=self._create_key("backups", "backups", key_policies.used_for_backups(account)),',
                    'backups=Output.from_input("arn:aws:kms:eu-central-1:123456789012:alias/aws/backup"),',
                ),
            )
        },
    ),
    PullRequest(
        name="public-endpoint",
        title="Reach the API server without the VPN",
        environment="dev",
        edits={
            "infra/aws/cluster.py": (('"endpoint_public_access": False', '"endpoint_public_access": True'),)
        },
    ),
    PullRequest(
        name="public-bucket",
        title="Allow public policies on buckets",
        environment="dev",
        edits={
            "infra/aws/private_bucket.py": (
                ("block_public_policy=True", "block_public_policy=False"),
                ("restrict_public_buckets=True", "restrict_public_buckets=False"),
            )
        },
    ),
    PullRequest(
        name="log-retention",
        title="Keep logs for a month only",
        environment="prod",
        edits={
            PROD: (
                ("flow_log_retention_days: 365", "flow_log_retention_days: 30"),
                (
                    "      api_client_ranges: [10.0.0.0/8]\n      log_retention_days: 365",
                    "      api_client_ranges: [10.0.0.0/8]\n      log_retention_days: 30",
                ),
            )
        },
    ),
    PullRequest(
        name="broker-count",
        title="A third broker in each zone",
        environment="prod",
        edits={PROD: (("per_zone: 2, volume_gib: 1000", "per_zone: 3, volume_gib: 1500"),)},
    ),
    PullRequest(
        name="database-size",
        title="Fewer but larger databases",
        environment="prod",
        edits={
            PROD: (
                (
                    "{instances: 3, min_capacity: 2, max_capacity: 64, backup_days: 35,",
                    "{instances: 2, min_capacity: 2, max_capacity: 128, backup_days: 14,",
                ),
            )
        },
    ),
    PullRequest(
        name="budget",
        title="Spend less",
        environment="prod",
        edits={PROD: (("monthly_budget_usd: 900000", "monthly_budget_usd: 600000"),)},
    ),
    PullRequest(
        name="owner",
        title="Dev belongs to another team",
        environment="dev",
        edits={DEV: (("owner: platform-team ", "owner: research-team "),)},
    ),
    PullRequest(
        name="administrator",
        title="One more administrator",
        environment="dev",
        edits={DEV: (("      - groundplan-deployer\n", "      - groundplan-deployer\n      - on-call\n"),)},
    ),
    PullRequest(
        name="ci-subject",
        title="Deploy dev from main as well",
        environment="dev",
        edits={
            DEV: (
                (
                    '["repo:groundplan/groundplan:environment:dev"]',
                    '["repo:groundplan/groundplan:environment:dev", '
                    '"repo:groundplan/groundplan:ref:refs/heads/main"]',
                ),
            )
        },
    ),
    PullRequest(
        name="unprotected",
        title="Make prod easy to tear down",
        environment="prod",
        edits={PROD: (("protect_data: true", "protect_data: false"),)},
    ),
    PullRequest(
        name="api-clients",
        title="Let the office's network reach the API server",
        environment="dev",
        edits={
            DEV: (("api_client_ranges: [10.0.0.0/8] ", "api_client_ranges: [10.0.0.0/8, 172.16.0.0/12] "),)
        },
    ),
    PullRequest(
        name="gateway-per-zone",
        title="A NAT gateway in each zone",
        environment="dev",
        edits={DEV: (("nat_gateways: one  ", "nat_gateways: one-per-zone  "),)},
    ),
    PullRequest(
        name="pool-retyped",
        title="The cluster's own pods on AMD's processors",
        environment="prod",
        edits={PROD: (("{instance_type: m7i.2xlarge, nodes: 3}", "{instance_type: m7a.2xlarge, nodes: 3}"),)},
    ),
)
