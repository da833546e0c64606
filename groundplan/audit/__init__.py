"""What auditors say about an estate, and the evidence for it."""
