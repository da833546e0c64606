"""Rules over who reads tables, and with what."""
