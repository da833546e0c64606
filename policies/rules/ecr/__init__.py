"""Rules over ECR."""
