"""Keeps the quotas of Kafka's users as the platform declares them: AWS has no API for them."""
