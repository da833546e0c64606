"""Pulumi resource providers of a rehearsal, attached to the engine by `PULUMI_DEBUG_PROVIDERS`."""
