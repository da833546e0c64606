"""A Pulumi provider for `kubernetes:*` resources, by server-side apply, in the place of the official plugin.

All Kubernetes resources are alike, so one implementation serves every kind that the API server knows. It
follows the official plugin (4.34) in what a program can notice: names, identifiers, replacements, awaiting,
annotations.
"""
