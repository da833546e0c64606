"""What this version of the program does to stacks that a released version made."""
