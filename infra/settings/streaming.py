"""Settings of the event stream."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from infra.settings import checks
from infra.settings.base import RetentionDays, SettingsModel
from infra.settings.types import ObjectName

KafkaVersion = Literal["3.9.x.kraft", "4.0.x.kraft"]
"""Versions of MSK without ZooKeeper that AWS supports for long."""
BrokerType = Literal[
    "kafka.t3.small",
    "kafka.m7g.large",
    "kafka.m7g.xlarge",
    "kafka.m7g.2xlarge",
    "kafka.m7g.4xlarge",
    "kafka.m7g.8xlarge",
]
"""Types of MSK's standard brokers."""


class BrokerSettings(SettingsModel):
    """Brokers of the provisioned form."""

    kafka_version: KafkaVersion = "3.9.x.kraft"
    """Version of Kafka; metadata are kept by KRaft controllers."""
    instance_type: BrokerType = "kafka.m7g.large"
    """Type of each broker. `kafka.t3.small` is for trials."""
    per_zone: Annotated[int, Field(ge=1, le=20)] = 1
    """Brokers in each of the three zones."""
    volume_gib: Annotated[int, Field(ge=1, le=16384)] = 250
    """Volume of each broker in GiB. It can grow, never shrink."""
    partitions: Annotated[int, Field(ge=1, le=1000)] = 6
    """Partitions of a topic that does not say how many. It can grow, never shrink."""
    retention_hours: Annotated[int, Field(ge=1, le=8760)] = 168
    """Hours that a topic keeps events for, unless it says otherwise."""
    log_retention_days: RetentionDays = 30
    """How long the brokers' own logs are kept."""


class SchemaSettings(SettingsModel):
    """What one kind of event looks like."""

    format: Literal["JSON", "AVRO"] = "JSON"
    """Language of the definition: JSON Schema or Avro."""
    compatibility: Literal[
        "BACKWARD", "BACKWARD_ALL", "FORWARD", "FORWARD_ALL", "FULL", "FULL_ALL", "DISABLED", "NONE"
    ] = "BACKWARD"
    """What a later version may change: with `BACKWARD`, its readers still read what the former wrote."""
    definition: dict[str, Any]
    """The schema, e.g. {type: object, required: [time], properties: {time: {type: string}}}."""

    @model_validator(mode="after")
    def _says_its_type(self) -> Self:
        checks.schema_of_something(self.definition)
        return self


class StreamingSettings(SettingsModel):
    """The event stream (MSK)."""

    form: Literal["serverless", "provisioned"] = "serverless"
    """`serverless` needs no sizing, is encrypted by AWS' own key and is paid for by the hour and partition;
    `provisioned` has brokers in three zones, our key and our configuration, and with them the tenants' topics
    and quotas: MSK Serverless has an API for neither."""
    brokers: BrokerSettings = BrokerSettings()
    """Brokers of the provisioned form; `serverless` has none."""
    schemas: Annotated[dict[ObjectName, SchemaSettings], Field(default_factory=dict)]
    """What events look like, by the name of their schema, for producers and consumers to look up."""
