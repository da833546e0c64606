"""Rules over databases."""
