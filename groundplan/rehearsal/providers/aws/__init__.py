"""The AWS provider of a rehearsal: terraform-provider-aws behind Pulumi's bridge, under pulumi-aws' names."""
