"""The quotas that brokers have, read and changed by Kafka's own protocol (KIP-546)."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from groundplan_common.errors import ServiceError
from kafka import KafkaAdminClient
from kafka.errors import KafkaError, for_code
from kafka.net.sasl.oauth import AbstractTokenProvider
from kafka.protocol.admin import AlterClientQuotasRequest, DescribeClientQuotasRequest

Quotas = dict[str, dict[str, float]]
"""User -> name of a quota -> value."""
_TIMEOUT_MS = 30_000
_ANY_NAME = 2
"""Match type of KIP-546: every user that has a quota of its own."""


class BrokersError(ServiceError):
    """The brokers could not be reached, or refused what was asked."""


class IamToken(AbstractTokenProvider):
    """A token of MSK for the identity of this process: https://github.com/aws/aws-msk-iam-sasl-signer-python."""

    def __init__(self, region: str) -> None:
        self._region = region

    def token(self) -> str:
        """A new one; each login asks for it."""
        return MSKAuthTokenProvider.generate_auth_token(self._region)[0]


class Brokers(KafkaAdminClient):
    """An admin client that also has quotas, which kafka-python knows as messages only."""

    def quotas(self) -> Quotas:
        """Every user's own quotas."""
        request = DescribeClientQuotasRequest(
            components=[
                DescribeClientQuotasRequest.ComponentData(
                    entity_type="user", match_type=_ANY_NAME, match=None
                )
            ],
            strict=True,
        )
        answer = self._ask(request)
        _raise_if_refused(answer.error_code, answer.error_message)
        return {
            entry.entity[0].entity_name: {value.key: value.value for value in entry.values}
            for entry in answer.entries or []
            if entry.entity[0].entity_name is not None
        }

    def change(self, changes: Mapping[str, Mapping[str, float | None]]) -> None:
        """Set values of users' quotas; None removes one.

        Raises:
            KafkaError: a broker refused one of them; others may have been set.
        """
        entry, entity, operation = (
            AlterClientQuotasRequest.EntryData,
            AlterClientQuotasRequest.EntryData.EntityData,
            AlterClientQuotasRequest.EntryData.OpData,
        )
        request = AlterClientQuotasRequest(
            entries=[
                entry(
                    entity=[entity(entity_type="user", entity_name=user)],
                    ops=[
                        operation(key=key, value=value or 0.0, remove=value is None)
                        for key, value in values.items()
                    ],
                )
                for user, values in changes.items()
            ],
            validate_only=False,
        )
        for refused in self._ask(request).entries:
            _raise_if_refused(refused.error_code, refused.error_message)

    def _ask(self, request: Any) -> Any:
        return self._manager.run(self._manager.send, request)


@contextmanager
def connected(servers: str, client: Mapping[str, Any], region: str) -> Generator[Brokers]:
    """A connection that is closed at the end.

    Args:
        servers: `host:port`, several with commas between.
        client: how to connect, under the names of kafka-python.
        region: AWS region, for a token of MSK.

    Raises:
        BrokersError: no broker answers, or one refuses what is asked; says which they are.
    """
    token = {"sasl_oauth_token_provider": IamToken(region)} if _is_iam(client) else {}
    try:
        brokers = Brokers(
            bootstrap_servers=servers.split(","),
            client_id="groundplan-quotas",
            request_timeout_ms=_TIMEOUT_MS,
            **client,
            **token,
        )
        try:
            yield brokers
        finally:
            brokers.close()
    except (KafkaError, OSError) as error:
        raise BrokersError(
            f"The brokers {servers}: {error}.",
            hint="Look at the network policy, and at kafka-cluster:* in this identity's role.",
        ) from error


def _is_iam(client: Mapping[str, Any]) -> bool:
    return client.get("sasl_mechanism") == "OAUTHBEARER"


def _raise_if_refused(code: int, message: str | None) -> None:
    if code:
        raise for_code(code)(message or "")
