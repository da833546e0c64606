"""Rules over every resource: tags and regions."""
