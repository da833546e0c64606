"""Types of single settings: what each accepts, and how it says no."""

from __future__ import annotations

import difflib
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from infra.planning.eks_versions import KUBERNETES_VERSIONS
from infra.planning.instance_types import CPU_INSTANCE_TYPES, INSTANCE_TYPES, NODE_TYPES
from infra.planning.subnets import LARGEST_PREFIX, PRIVATE_RANGES, SMALLEST_PREFIX

_PRIVATE = "10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"


def refusal(wrong: str, *, allowed: str, key: tuple[str, ...] = ()) -> PydanticCustomError:
    """An error that carries what is allowed, and, when a model checks several keys, the key concerned."""
    context = {"wrong": wrong, "allowed": allowed, "key": key}
    return PydanticCustomError("refused", "{wrong}", context)


def _network(value: object) -> IPv4Network:
    allowed = "an IPv4 range such as 10.40.0.0/16, whose host bits are zero"
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str) or "/" not in value:
        raise refusal("this is not an address range", allowed=allowed)
    try:
        return IPv4Network(value)
    except ValueError as error:
        raise refusal(f"this is not an address range: {error}", allowed=allowed) from None


def _private(value: IPv4Network) -> IPv4Network:
    if not any(value.subnet_of(private) for private in PRIVATE_RANGES):
        raise refusal("the range is public", allowed=f"a range inside {_PRIVATE}")
    return value


def _sized(value: IPv4Network, *, largest: int, smallest: int) -> IPv4Network:
    allowed = f"a prefix from /{largest} to /{smallest}"
    if value.prefixlen > smallest:
        raise refusal(f"the range is too small: {value.num_addresses} addresses", allowed=allowed)
    if value.prefixlen < largest:
        raise refusal(f"the range is too large: {value.num_addresses} addresses", allowed=allowed)
    return value


def _vpc_size(value: IPv4Network) -> IPv4Network:
    return _sized(value, largest=LARGEST_PREFIX, smallest=SMALLEST_PREFIX)


def _service_size(value: IPv4Network) -> IPv4Network:
    return _sized(value, largest=12, smallest=24)


def one_of(noun: str, known: tuple[str, ...]) -> AfterValidator:
    """A validator that accepts only `known` values and suggests the nearest."""

    def check(value: str) -> str:
        if value in known:
            return value
        raise refusal(f"there is no {noun} of this name", allowed=nearest(value, known))

    return AfterValidator(check)


def nearest(value: str, known: tuple[str, ...]) -> str:
    """All `known` names, led by the one that `value` was probably meant to be."""
    listed = f"one of {', '.join(known)}" if known else "nothing: there are none"
    close = difflib.get_close_matches(value, known, n=1)
    return f"{listed}; did you mean {close[0]!r}?" if close else listed


_RANGE_SCHEMA = WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+){3}/\d+$"})
_PrivateRange = Annotated[IPv4Network, PlainValidator(_network), AfterValidator(_private), _RANGE_SCHEMA]
VpcRange = Annotated[_PrivateRange, AfterValidator(_vpc_size)]
ServiceRange = Annotated[_PrivateRange, AfterValidator(_service_size)]
CallerRange = _PrivateRange

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
"""Part of names of AWS and Kubernetes resources."""
ObjectName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
"""Part of object keys and of Triton's model names."""
# No {1,128}: to compile that many copies of the Unicode class \w takes 0.1 s at each start.
TagValue = Annotated[str, Field(pattern=r"^[\w .:/=+@-]+$", max_length=128)]
"""What becomes a tag."""
RoleName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@/-]{1,128}$")]
"""Name of an IAM role, with its path if it has one."""
_DOMAIN = r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}"
AlertEndpoint = Annotated[
    str,
    Field(pattern=rf"^([A-Za-z0-9._%+-]+@{_DOMAIN}|https://{_DOMAIN}(/[A-Za-z0-9._/-]*)?)$", max_length=200),
]
"""An e-mail address, or an https URL without login and query, which may hold secrets."""
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
AvailabilityZone = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d[a-z]$")]
InstanceTypeName = Annotated[
    str,
    one_of("GPU instance type", tuple(INSTANCE_TYPES)),
    WithJsonSchema({"type": "string", "enum": list(INSTANCE_TYPES)}),
]
CpuTypeName = Annotated[
    str,
    one_of("instance type without GPUs", tuple(CPU_INSTANCE_TYPES)),
    WithJsonSchema({"type": "string", "enum": list(CPU_INSTANCE_TYPES)}),
]
NodeTypeName = Annotated[
    str,
    one_of("instance type", tuple(NODE_TYPES)),
    WithJsonSchema({"type": "string", "enum": list(NODE_TYPES)}),
]
KubernetesVersion = Annotated[
    str,
    one_of("tried Kubernetes version", tuple(KUBERNETES_VERSIONS)),
    WithJsonSchema({"type": "string", "enum": list(KUBERNETES_VERSIONS)}),
]
