"""Errors that EKS answers with; moto serializes them by the service model."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class EksError(ServiceException):
    """An error of the EKS API.

    Args:
        message: what AWS would say.
        members: further members of the error's shape, such as `clusterName`.
    """

    def __init__(self, message: str, **members: str) -> None:
        super().__init__(message)
        for name, value in members.items():
            setattr(self, name, value)


class ResourceNotFoundError(EksError):
    """What was named does not exist (404)."""

    code = "ResourceNotFoundException"


class ResourceInUseError(EksError):
    """It exists already, or something else needs it (409)."""

    code = "ResourceInUseException"


class InvalidParameterError(EksError):
    """A parameter is wrong or names something that does not exist (400)."""

    code = "InvalidParameterException"


class InvalidRequestError(EksError):
    """The request does not fit the state of the resource (400)."""

    code = "InvalidRequestException"
