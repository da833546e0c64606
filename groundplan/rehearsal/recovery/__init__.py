"""Drill of a lost region: what it costs is measured, and held against the targets in the settings."""
