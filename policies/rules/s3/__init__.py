"""Rules over S3."""
