"""The picture of an environment shows what its program registers, and all of it can be read."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from groundplan import reference
from groundplan.diagram.canvas import fitted
from groundplan.diagram.environment import draw
from groundplan.settings import load_stack
from infra.conventions import LAKE_ZONES
from tests.unit.infra.recording import Recording, estate_of

_TEXT = "{http://www.w3.org/2000/svg}text"

each_environment = pytest.mark.parametrize("environment", reference.environments())


def _lines(environment: str) -> list[str]:
    """The texts of a picture, in the order in which they are drawn."""
    picture = ElementTree.fromstring(draw(load_stack(environment).settings))  # noqa: S314 - drawn just now
    return ["".join(text.itertext()) for text in picture.iter(_TEXT)]


def _shown(pattern: str, environment: str) -> set[str]:
    return {found for line in _lines(environment) for found in re.findall(pattern, line)}


@each_environment
def test_every_text_fits_its_place(environment: str) -> None:
    """Nothing was cut off to make it fit."""
    assert [line for line in _lines(environment) if "…" in line] == []


@each_environment
def test_ranges_are_those_of_the_network(environment: str) -> None:
    """The VPC and each of its nine subnets."""
    estate = estate_of(environment)
    registered = {one.inputs["cidrBlock"] for one in estate.of("aws:ec2/subnet:Subnet")}
    registered |= {estate.one("aws:ec2/vpc:Vpc").inputs["cidrBlock"]}
    assert _shown(r"\d+\.\d+\.\d+\.\d+/\d+", environment) == registered


@each_environment
def test_gateways_and_pools_are_those_registered(environment: str) -> None:
    """As many NAT gateways; each pool with its bounds."""
    estate = estate_of(environment)
    lines = _lines(environment)
    assert lines.count("NAT gateway") == len(estate.of("aws:ec2/natGateway:NatGateway"))
    for group in estate.of("aws:eks/nodeGroup:NodeGroup"):
        size = group.inputs["scalingConfig"]
        least, most = size["minSize"], size["maxSize"]
        bounds = f" {most:g} " if least == most else f" {least:g} to {most:g} "
        assert any(bounds in line and line.split(":")[0] in group.name for line in lines), group.name
    for pool in estate.of("kubernetes:karpenter.sh/v1:NodePool"):
        bounds = f"{pool.name}: 0 to {pool.inputs['spec']['limits']['nodes']} "
        assert any(line.startswith(bounds) for line in lines), pool.name


@each_environment
def test_stores_and_tenants_are_those_registered(environment: str) -> None:
    """The kind of stream, the domain of the edge, the zones of the lake, the tenants."""
    estate, lines = estate_of(environment), _lines(environment)
    assert ("serverless, TLS and IAM" in lines) == bool(
        estate.of("aws:msk/serverlessCluster:ServerlessCluster")
    )
    assert [name for name in LAKE_ZONES if name not in lines] == []
    for zone in estate.of("aws:route53/zone:Zone"):
        assert zone.inputs["name"] in lines
    assert _tenants(estate) <= set(lines)


def _tenants(estate: Recording) -> set[str]:
    return {one.name for one in estate.resources if one.type.endswith(":Tenant")}


def test_a_long_text_is_cut() -> None:
    """Names are people's own: a long one may not run over its neighbours."""
    assert fitted("short", "text", 100) == "short"
    assert fitted("a" * 40, "text", 100) == "a" * 13 + "…"
