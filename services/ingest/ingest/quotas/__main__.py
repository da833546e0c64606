"""Entry point of the job: `python -m ingest.quotas`."""

from __future__ import annotations

import sys

from groundplan_common import logs

from ingest.quotas.brokers import connected
from ingest.quotas.keeper import keep
from ingest.quotas.settings import QuotaSettings


def main() -> int:
    """Correct what differs; the last line of output is a summary in JSON."""
    settings = QuotaSettings.from_environment()
    declared = {user: quota.model_dump() for user, quota in settings.kafka_quotas.items()}
    with connected(settings.kafka_bootstrap_servers, settings.kafka_client, settings.aws_region) as brokers:
        changed = keep(brokers, declared, settings.kafka_user_prefix)
    logs.summary({"service": "quotas", "ok": True, "users": len(declared), "changed": changed})
    return 0


if __name__ == "__main__":
    sys.exit(logs.run("quotas", main))
