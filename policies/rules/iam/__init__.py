"""Rules over IAM."""
