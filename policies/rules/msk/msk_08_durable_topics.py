"""MSK-08: what a broker has acknowledged is not lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

CLUSTER = "aws:msk/cluster:Cluster"
OFF = {"auto.create.topics.enable": "false", "unclean.leader.election.enable": "true"}
"""What MSK does where nothing is said, in three zones; topics may be made by anybody only on purpose."""
LEAST = {"default.replication.factor": 3, "min.insync.replicas": 2}


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """A cluster names a configuration; a configuration says what is durable, or leaves MSK's safe default."""
    del context
    if resource.type == CLUSTER:
        if not resource.view.named("configurationInfo.arn"):
            path = "configurationInfo"
            yield Finding(path=path, message="runs by MSK's defaults, with unclean elections", key="none")
        return
    said = _properties(resource.view.text("serverProperties"))
    for key, default in OFF.items():
        if said.get(key, default).lower() != "false":
            yield Finding(path="serverProperties", message=f"{key} is not false", key=key)
    for key, least in LEAST.items():
        value = said.get(key, str(least))
        if not value.isdigit() or int(value) < least:
            yield Finding(path="serverProperties", message=f"{key} is less than {least}", key=key)


def rewrite(properties: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Say all four, and leave the rest; brokers take a new revision one by one."""
    del context
    text = properties.get("serverProperties")
    if not isinstance(text, str):
        return dict(properties)
    wanted = {**dict.fromkeys(OFF, "false"), **{key: str(least) for key, least in LEAST.items()}}
    kept = {key: value for key, value in _properties(text).items() if key not in wanted}
    lines = [f"{key}={value}\n" for key, value in sorted({**kept, **wanted}.items())]
    return {**properties, "serverProperties": "".join(lines)}


def _properties(text: str) -> dict[str, str]:
    """A file of Java properties; the last of several lines for one key counts."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs if key.strip()}


RULE = Rule(
    id="MSK-08",
    title="Topics keep three replicas, need two of them, and never elect an unclean leader.",
    severity=Severity.HIGH,
    why=("MSK's own defaults elect a leader that lacks events, and the acknowledged ones are gone."),
    remediation="Name a configuration with these server properties; see infra/aws/streaming.py.",
    frameworks={
        Framework.SOC2: (
            "PI1.5",
            "A1.2",
        ),
        Framework.NIST: (
            "SI-7",
            "CP-10",
        ),
    },
    enforcement=FROM_STAGING,
    types=(
        "aws:msk/cluster:Cluster",
        "aws:msk/configuration:Configuration",
    ),
    check=check,
    rewrite=rewrite,
)
