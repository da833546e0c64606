"""Rules over VPC and network."""
