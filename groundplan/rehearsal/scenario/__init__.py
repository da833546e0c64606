"""What a rehearsal plays, step by step, each with evidence."""
