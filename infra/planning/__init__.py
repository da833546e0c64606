"""Pure planning: address ranges, capacity, versions. Nothing here imports Pulumi."""
