"""AI-01: an acknowledged event survives the loss of a broker."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from policies.core.resources import Resource
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity
from policies.core.values import View, WrongTypeError

MSK = "aws:msk/topic:Topic"
STRIMZI = "kubernetes:kafka.strimzi.io/v1beta2:KafkaTopic"
REPLICAS = 3
IN_SYNC = 2
MIN_ISR = "min.insync.replicas"
UNCLEAN = "unclean.leader.election.enable"


def check(topic: Resource, context: Context) -> Iterator[Finding]:
    """Three replicas, two of which have an event before it counts, and one of which may be missing."""
    del context
    view = topic.view.object("spec") if topic.type == STRIMZI else topic.view
    count = "replicas" if topic.type == STRIMZI else "replicationFactor"
    replicas = view.number(count)
    config = _config(topic, view)
    in_sync = _number(config, MIN_ISR, 1)
    if replicas < REPLICAS:
        yield Finding(path=view.where(count), message=f"fewer than {REPLICAS} replicas", key="replicas")
    if not IN_SYNC <= in_sync < max(replicas, REPLICAS):
        message = f"{MIN_ISR} is not at least {IN_SYNC} and less than the replicas"
        yield Finding(path=config.path, message=message, key="in sync")
    if str(config.value_of(UNCLEAN)).lower() == "true":
        yield Finding(path=config.path, message="a replica that lags behind may lead", key="unclean")


def _config(topic: Resource, view: View) -> View:
    """The topic's own settings. MSK takes them as JSON, plain or in base64."""
    if topic.type != MSK:
        return view.object("config")
    text = view.text("configs") or "{}"
    return View(_parsed(text), "configs", view.reads)


def _parsed(text: str) -> dict[str, Any]:
    for candidate in (text.encode(), text):
        try:
            plain = candidate if isinstance(candidate, bytes) else base64.b64decode(candidate, validate=True)
            settings = json.loads(plain)
        except (binascii.Error, ValueError):
            continue
        if isinstance(settings, dict):
            return settings
    raise WrongTypeError("configs", "an object in JSON", text)


def _number(config: View, key: str, default: int) -> float:
    value = config.value_of(key)
    try:
        return default if value is None else float(str(value))
    except ValueError:
        raise WrongTypeError(config.where(key), "a number", value) from None


RULE = Rule(
    id="AI-01",
    title="Kafka topics have three replicas, two of them in sync, and no unclean leader.",
    severity=Severity.HIGH,
    why="An event that was acknowledged and is lost is missing from every model trained later.",
    remediation="Set replication_factor=3 and min.insync.replicas=2; leave unclean leader election off.",
    frameworks={
        Framework.HIPAA: ("164.308(a)(7)(i)",),
        Framework.SOC2: ("A1.2", "PI1.5"),
        Framework.NIST: ("CP-9", "SC-36"),
    },
    enforcement=FROM_STAGING,
    types=(MSK, "kafka:index/topic:Topic", STRIMZI),
    check=check,
)
