"""The public parameters that name Bottlerocket's images, and the images: any release is there when asked for.

https://bottlerocket.dev/en/os/latest/#/install/quickstart/aws/finding-ami/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from moto.ec2.models import ec2_backends
from moto.ssm.models import Parameter, SimpleSystemManagerBackend

from groundplan.rehearsal.emulator.patching import kept_in, wrap

_NAME = re.compile(
    r"/aws/service/bottlerocket/(?P<variant>aws-k8s-[\d.]+(?:-nvidia)?)/(?P<architecture>x86_64|arm64)"
    r"/(?P<version>\d+\.\d+\.\d+)/image_id"
)


def install() -> None:
    """Apply all; a second call changes nothing."""
    wrap(SimpleSystemManagerBackend, "get_parameter", _find_image)


def _find_image(
    original: Callable[..., Parameter | None], backend: SimpleSystemManagerBackend, name: str
) -> Parameter | None:
    found = _NAME.fullmatch(name)
    return _parameter(backend, name, found) if found else original(backend, name)


def _parameter(backend: SimpleSystemManagerBackend, name: str, asked: re.Match[str]) -> Parameter:
    known = kept_in(backend, "bottlerocket_images")
    if name not in known:
        # moto's own class, whose base has methods of CloudFormation that it never asks for.
        known[name] = cast("Any", Parameter)(
            account_id=backend.account_id,
            name=name,
            value=_image(ec2_backends[backend.account_id][backend.region_name], asked),
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=datetime.now(UTC),
            version=1,
            data_type="text",
        )
    return known[name]


def _image(ec2: Any, asked: re.Match[str]) -> str:
    """Register the image that the parameter names; it is public, as Amazon's own."""
    variant, architecture, version = asked["variant"], asked["architecture"], asked["version"]
    image = ec2.register_image(f"bottlerocket-{variant}-{architecture}-v{version}", "Bottlerocket")
    image.architecture, image.owner_id, image.root_device_type = architecture, "amazon", "ebs"
    image.launch_permissions.append({"Group": "all"})
    return image.id
