"""Serves the model version that an alias names, with Triton Inference Server."""
