"""MSK-05: brokers write their logs somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

TARGETS = {"cloudwatchLogs": "logGroup", "s3": "bucket", "firehose": "deliveryStream"}


def check(cluster: Resource, context: Context) -> Iterator[Finding]:
    """At least one target is on, and named."""
    del context
    logs = cluster.view.object("loggingInfo.brokerLogs")
    on = {kind: logs.object(kind) for kind in TARGETS if logs.flag(f"{kind}.enabled")}
    if not on:
        yield Finding(path=logs.path, message="broker logs go nowhere", key="none")
    for kind, target in on.items():
        if not target.named(TARGETS[kind]):
            path = target.where(TARGETS[kind])
            yield Finding(path=path, message=f"{kind} is on and names no target", key=kind)


RULE = Rule(
    id="MSK-05",
    title="Brokers write their logs to CloudWatch, S3 or Firehose.",
    severity=Severity.MEDIUM,
    why=("Who was refused, and why a partition lost its leader, stands in the brokers' logs only."),
    remediation="Set logging_info.broker_logs; see infra/aws/streaming.py.",
    frameworks={
        Framework.HIPAA: ("164.312(b)",),
        Framework.SOC2: ("CC7.2",),
        Framework.PCI_DSS: ("10.2.1",),
        Framework.NIST: ("AU-12",),
    },
    equivalents=("CKV_AWS_80",),
    enforcement=FROM_STAGING,
    types=("aws:msk/cluster:Cluster",),
    check=check,
)
