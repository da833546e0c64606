"""Capacity Blocks for ML: until when their nodes can be used."""

from __future__ import annotations

from datetime import datetime, timedelta

EC2_ENDS_BLOCK = timedelta(minutes=30)
"""EC2 begins to terminate a Capacity Block's instances so long before its end (EC2's user guide)."""
EC2_ENDS_ULTRASERVER_BLOCK = timedelta(minutes=60)
"""The same for UltraServers."""
KARPENTER_DRAINS = timedelta(minutes=10)
"""Karpenter begins to drain so long before EC2 terminates (karpenter.sh, tasks/odcrs)."""


def last_checkpoint_deadline(ends: datetime, *, ultraserver: bool) -> datetime:
    """When a Capacity Block's last checkpoint must be complete: its end, less EC2's and Karpenter's lead.

    Sources: "Capacity Blocks for ML", EC2's user guide (30 minutes; 60 for UltraServers); karpenter.sh,
    tasks/odcrs (10 minutes earlier).
    """
    return ends - (EC2_ENDS_ULTRASERVER_BLOCK if ultraserver else EC2_ENDS_BLOCK) - KARPENTER_DRAINS
