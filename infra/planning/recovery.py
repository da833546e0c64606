"""What replication and backups can promise: the most that the loss of a region can cost."""

from __future__ import annotations

REPLICATION_MINUTES = 15
"""S3 replicates within so many minutes, or says that it did not; it offers no other number.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html"""
BACKUP_EVERY_MINUTES = 24 * 60
BACKUP_START_MINUTES = 60
"""Within these minutes of its time a backup begins."""
BACKUP_COMPLETION_MINUTES = 8 * 60
"""Within these minutes of its beginning it is done, or AWS Backup gives it up."""


def most_database_loss_minutes() -> int:
    """Age of the newest backup a moment before the next one is done.

    That one may begin and end as late as its windows allow; until then the last one is what there is. The
    copy to the other region has no window of its own: it is to be watched, and is not promised by anyone.
    """
    return BACKUP_EVERY_MINUTES + BACKUP_START_MINUTES + BACKUP_COMPLETION_MINUTES
