"""EKS of the emulator: its whole control-plane API as the program, the AWS provider and `aws eks` use it."""
