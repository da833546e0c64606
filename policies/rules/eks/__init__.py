"""Rules over EKS and its nodes."""
