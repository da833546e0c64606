"""An environment's second region: what brings it up there."""
