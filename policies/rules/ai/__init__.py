"""Rules over what is special to an AI platform."""
