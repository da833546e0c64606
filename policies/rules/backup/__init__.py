"""Rules over AWS Backup."""
