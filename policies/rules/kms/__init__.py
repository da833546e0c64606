"""Rules over KMS."""
