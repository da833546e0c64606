"""What rules are made of, and how they are judged: pure functions over plain values, without Pulumi."""
