"""Rules over secrets, stored and written down."""
