"""Bottlerocket's public parameters, as we added them to moto."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.checked import checked_client
from tests.unit.rehearsal.emulator.emulated import Emulated

_FOLDER = "/aws/service/bottlerocket"


def test_a_release_names_an_image_that_is_there(aws: Emulated) -> None:
    """The same one each time it is asked for; another variant has another image."""
    ssm, ec2 = checked_client(aws, "ssm"), checked_client(aws, "ec2")
    name = f"{_FOLDER}/aws-k8s-1.35/x86_64/1.64.0/image_id"
    image_id = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == image_id
    [image] = ec2.describe_images(Filters=[{"Name": "image-id", "Values": [image_id]}])["Images"]
    assert image["Name"] == "bottlerocket-aws-k8s-1.35-x86_64-v1.64.0"
    assert (image["Public"], image["Architecture"], image["State"]) == (True, "x86_64", "available")
    other = ssm.get_parameter(Name=name.replace("1.35/", "1.35-nvidia/"))["Parameter"]["Value"]
    assert other != image_id


def test_what_is_no_release_is_not_there(aws: Emulated) -> None:
    """Neither a variant nor a version that Bottlerocket could have."""
    ssm = checked_client(aws, "ssm")
    for name in ("aws-ecs-9/x86_64/1.64.0/image_id", "aws-k8s-1.35/x86_64/new/image_id"):
        with pytest.raises(ClientError, match="ParameterNotFound"):
            ssm.get_parameter(Name=f"{_FOLDER}/{name}")
