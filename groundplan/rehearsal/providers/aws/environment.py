"""Variables of the AWS provider's processes: which endpoint, whose credentials, how long to insist."""

from __future__ import annotations

from collections.abc import Mapping

from groundplan.rehearsal.coverage import provider_log
from groundplan.rehearsal.world import World


def provider_environment(
    world: World, credentials: Mapping[str, str], machine: Mapping[str, str], *, proxy_url: str
) -> dict[str, str]:
    """The environment of the bridge and of terraform-provider-aws.

    Args:
        world: the rehearsal.
        credentials: `AccessKeyId`, `SecretAccessKey`, `SessionToken` of the role that deploys.
        proxy_url: where the proxy for hosts without DNS listens.
        machine: the machine's environment; PATH, HOME and TMPDIR are taken from it.
    """
    kept = {
        name: machine[name] for name in ("PATH", "HOME", "TMPDIR", "GROUNDPLAN_REHEARSAL") if name in machine
    }
    return {
        **kept,
        "AWS_ENDPOINT_URL": world.aws_endpoint_url,
        "AWS_CA_BUNDLE": str(world.certificate_authority),
        **proxy(world, proxy_url),
        "AWS_REGION": world.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        **provider_log.variables(world),
    }


def proxy(world: World, url: str) -> dict[str, str]:
    """Variables that send to a proxy what has no DNS, and the rest of the rehearsal straight."""
    return {"HTTPS_PROXY": url, "NO_PROXY": f"127.0.0.1,localhost,{world.node_address}"}
