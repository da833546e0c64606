"""Brings source files into the lake: checked, partitioned, versioned by content."""
