"""Rules over Kubernetes workloads."""
