"""Rules over logs, trails and detectors."""
