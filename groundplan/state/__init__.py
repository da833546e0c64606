"""The state that Pulumi keeps of a stack: is it whole, who holds its lock, and what of it can be had back."""
