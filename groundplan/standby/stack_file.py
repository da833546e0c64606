"""The stack file of an environment's second region, made from its own at the moment it is needed.

It is the same platform elsewhere: what is not named here is taken over, tenants first. So there is no second
table of them that could fall behind.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import yaml

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT
from groundplan.settings import load_stack
from infra.settings import SettingsError, parse_settings
from infra.settings.recovery import STANDBY_SUFFIX

_REGION, _PLATFORM = "aws:region", "groundplan:platform"
_HEADER = """\
# {standby}: {environment} in its second region. Made by `groundplan standby {environment}`; from now on a
# stack file like any other.
"""


def standby_name(environment: str) -> str:
    """What an environment is called in its second region: IAM's names are one account's, in all regions."""
    return f"{environment}{STANDBY_SUFFIX}"


def standby_stack_file(environment: str, database_snapshot: str) -> str:
    """The text of the stack file.

    Args:
        environment: the stack whose region is lost.
        database_snapshot: ARN of the copied snapshot that the database begins with.

    Raises:
        GroundplanError: no such stack, settings that cannot be used (in either region), or no second region.
    """
    stack = load_stack(environment)
    if stack.settings.platform.recovery is None:
        raise GroundplanError(
            f"{stack.path}: groundplan:platform.recovery is missing, so nothing of {environment} is "
            "in another region.",
            hint=f"Say where copies go, and wait until they are there: pulumi up --stack {environment}",
            exit_code=ExitCode.CONFIG,
        )
    document = yaml.safe_load((PROJECT_ROOT / stack.path).read_text(encoding="utf-8"))["config"]
    config = standby_config(document, database_snapshot)
    _require_valid(config)
    header = _HEADER.format(environment=environment, standby=standby_name(environment))
    return header + yaml.safe_dump({"config": config}, sort_keys=False, width=110)


def standby_config(config: dict[str, Any], database_snapshot: str) -> dict[str, Any]:
    """The configuration of an environment, moved to its second region.

    Args:
        config: what its stack file holds; valid, with a second region.
        database_snapshot: ARN of the snapshot that the database begins with.
    """
    platform = deepcopy(config[_PLATFORM])
    recovery = platform.pop("recovery")
    platform["environment"] = standby_name(platform["environment"])
    # A transit gateway is one region's; the other one's has another id.
    platform["network"].pop("transit_gateway", None)
    # The edge is in no region, and already knows this one as its standby.
    platform.pop("edge", None)
    # The identity provider of the CI system is one per account, and outlives the region.
    platform.get("identity", {}).pop("automation", None)
    # The monitor of unusual costs, too, is one per account.
    platform.setdefault("operations", {})["anomaly_usd"] = None
    # Quotas were asked for while there was time; another request for one is refused while the first is open.
    if platform.get("account_quotas"):
        platform["account_quotas"]["request"] = False
    moved = dict(zip(platform["network"]["zones"], recovery["availability_zones"], strict=True))
    platform["network"]["zones"] = list(moved.values())
    for pool in platform["gpu_pools"].values():
        _move_pool(pool, moved)
    platform.setdefault("data_stores", {}).setdefault("database", {})["snapshot"] = database_snapshot
    return {_REGION: recovery["region"], _PLATFORM: platform}


def _move_pool(pool: dict[str, Any], moved: dict[str, str]) -> None:
    """What is bought or made for a region stays there: blocks of capacity, and volumes with images."""
    pool.pop("images_snapshot", None)
    if "zone" in pool:
        pool["zone"] = moved[pool["zone"]]
    if "capacity_block" in pool.get("purchase", {}):
        del pool["purchase"]


def _require_valid(config: dict[str, Any]) -> None:
    platform = config[_PLATFORM]
    try:
        parse_settings(region=config[_REGION], platform=platform, stack=platform["environment"])
    except SettingsError as error:
        raise GroundplanError(
            "These settings cannot be used in the second region.",
            log="\n".join(str(problem) for problem in error.problems),
            hint="A snapshot's ARN begins with arn:aws:rds: docs/runbooks/recover-in-the-second-region.md",
            exit_code=ExitCode.CONFIG,
        ) from None
