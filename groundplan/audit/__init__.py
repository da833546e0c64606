"""What the controls say of a stack, with evidence that can be handed to an auditor."""
