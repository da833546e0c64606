"""What the keeper of quotas reads from its environment."""

from __future__ import annotations

from typing import Annotated

from groundplan_common.settings import ServiceSettings
from pydantic import BaseModel, ConfigDict, Field, Json

_IAM = {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"}


class Quota(BaseModel):
    """What a user may ask of each broker, under the names that Kafka has for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    producer_byte_rate: Annotated[float, Field(gt=0)]
    consumer_byte_rate: Annotated[float, Field(gt=0)]
    request_percentage: Annotated[float, Field(gt=0)]


class QuotaSettings(ServiceSettings):
    """Of users whose name begins with `kafka_user_prefix`, those in `kafka_quotas` have a quota, others none.

    Users with other names are left alone.
    """

    kafka_bootstrap_servers: Annotated[str, Field(min_length=1)]
    kafka_user_prefix: Annotated[str, Field(min_length=1)]
    kafka_quotas: Json[dict[str, Quota]]
    kafka_client: Json[dict[str, str]] = Field(default_factory=lambda: dict(_IAM))
    """How to connect, under the names of kafka-python. By OAUTHBEARER it is with this IAM identity."""
    aws_region: str = ""
