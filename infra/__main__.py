"""The Pulumi program: settings -> AWS -> Kubernetes -> exports."""

from __future__ import annotations

import atexit
import gc
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pulumi

# The program lives for one run, and nearly all that it makes stays to its end: nobody looks for waste.
gc.disable()
atexit.register(gc.freeze)

PROJECT_ROOT = Path(__file__).resolve().parents[1]
# Pulumi starts a program with its own folder on the path, not with the project's.
sys.path.insert(0, str(PROJECT_ROOT))

from infra import lean_sdks  # noqa: E402 - the path comes first

lean_sdks.install()

from infra.aws.layer import build_aws  # noqa: E402 - lean packages come first
from infra.aws.providers import aws_providers  # noqa: E402
from infra.handover import hand_over  # noqa: E402
from infra.settings import Release, Settings, SettingsError, load_release, parse_settings  # noqa: E402
from infra.settings.tags import platform_tags  # noqa: E402


async def main(settings: Settings, release: Release) -> dict[str, Any]:
    """Register all resources of the stack; what people and tools need is returned, and so exported."""
    estate = await build_aws(settings, aws_providers(settings, platform_tags(settings.platform)))
    await hand_over()
    from infra.exports import stack_outputs  # noqa: PLC0415 - not at the top: the engine is at work by now
    from infra.kubernetes.layer import build_kubernetes  # noqa: PLC0415

    tenants = build_kubernetes(settings, estate, release)
    return stack_outputs(settings, estate, tenants)


def read_inputs() -> tuple[Settings, Release]:
    """Read the stack's configuration and the release manifest.

    Raises:
        pulumi.RunError: one of them is wrong; Pulumi shows the message and no traceback.
    """
    try:
        settings = parse_settings(
            region=pulumi.Config("aws").get("region"),
            platform=pulumi.Config("groundplan").get_object("platform"),
            stack=pulumi.get_stack(),
        )
        return settings, load_release(PROJECT_ROOT)
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


pulumi.run(partial(main, *read_inputs()))
