"""Errors that MSK answers with; moto serializes them by the service model."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class KafkaError(ServiceException):
    """An error of the MSK API."""


class BadRequestError(KafkaError):
    """A parameter is wrong, or names something that does not exist (400)."""

    code = "BadRequestException"


class NotFoundError(KafkaError):
    """There is no such cluster, operation or topic (404)."""

    code = "NotFoundException"


class ConflictError(KafkaError):
    """The name is taken (409)."""

    code = "ConflictException"


class TopicExistsError(KafkaError):
    """There is a topic of this name (409)."""

    code = "TopicExistsException"
