"""Distributed training with PyTorch DDP that survives the loss of any worker."""
