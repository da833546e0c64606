"""Rules over file systems."""
