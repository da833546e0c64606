"""The platform as code: one Pulumi program, one typed configuration per environment."""
