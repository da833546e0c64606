"""Rules over MSK and Kafka topics."""
