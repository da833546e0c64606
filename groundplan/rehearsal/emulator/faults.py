"""Faults of AWS on purpose: throttled, broken, unanswered and late calls, old credentials, lost regions.

A rehearsal's `run/faults.json` says which (`groundplan rehearse faults`); without it, nothing goes wrong.
Only calls of the AWS provider meet them: what looks on must see the truth. A lost region is lost to all.
"""

from __future__ import annotations

import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from moto.s3.models import s3_backends
from werkzeug.wrappers import Response

from groundplan.rehearsal.emulator import calls, sessions
from groundplan.rehearsal.emulator.calls import Call, UnknownCallError
from groundplan.rehearsal.emulator.deployer_record import by_provider
from groundplan.rehearsal.emulator.replicating import Lateness
from groundplan.rehearsal.world import ACCOUNT_ID, World

_YOUNG_ID = re.compile(r"\b(vpc|subnet|sg|rtb|igw|eipalloc|lt)-[0-9a-f]{17}\b")
_NOT_FOUND = {
    "vpc": "InvalidVpcID.NotFound",
    "subnet": "InvalidSubnetID.NotFound",
    "sg": "InvalidGroup.NotFound",
    "rtb": "InvalidRouteTableID.NotFound",
    "igw": "InvalidInternetGatewayID.NotFound",
    "eipalloc": "InvalidAllocationID.NotFound",
    "lt": "InvalidLaunchTemplateId.NotFound",
}
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, eventual consistency."""
_EXPIRED = {"ec2": "RequestExpired", "json": "ExpiredTokenException", "rest-json": "ExpiredTokenException"}
_THROTTLED = {"ec2": "RequestLimitExceeded", "query": "Throttling", "rest-xml": "SlowDown"}
_SLOW_DOWN, _BAD_REQUEST, _FORBIDDEN, _BROKEN = 503, 400, 403, 500
_UNSIGNED = frozenset({"sts"})
"""Services that faults leave alone: the provider asks who it is before it begins."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What goes wrong.

    Args:
        throttled: share of calls that are answered "too many", 0..1.
        broken: share that fail with 500 before anything is done.
        lost: share whose answer is lost after everything was done.
        late_s: for how long what was created is not seen by reads.
        expire_after: calls until the credentials have expired; None for never.
        seed: of the dice.
        lost_region: no endpoint and no bucket of it answers anybody.
        lost_since: second of Unix time at which that began.
        replicated_after_s: seconds until S3 has copied a change to another bucket.
    """

    throttled: float = 0.0
    broken: float = 0.0
    lost: float = 0.0
    late_s: float = 0.0
    expire_after: int | None = None
    seed: int = 0
    lost_region: str | None = None
    lost_since: float = 0.0
    replicated_after_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer that stands in the place of the real one.

    Args:
        code: the service's code of the error.
        status: of HTTP.
        message: for people.
    """

    code: str
    status: int
    message: str


def faults_file(world: World) -> Path:
    """Where a rehearsal's faults are written."""
    return world.run / "faults.json"


def _region_of_bucket(environ: Mapping[str, Any]) -> str | None:
    name = str(environ.get("PATH_INFO", "")).lstrip("/").partition("/")[0]
    bucket = s3_backends[ACCOUNT_ID]["aws"].buckets.get(name)
    return bucket.region_name if bucket else None


def read_file(file: Path) -> Faults:
    """The faults that are set; none without the file."""
    said = json.loads(file.read_text()) if file.exists() else {}
    known = {each.name for each in fields(Faults)}
    return Faults(**{name: value for name, value in said.items() if name in known})


def write(file: Path, faults: Faults | None) -> None:
    """Set the faults of an emulator, or end them; it takes them at its next call."""
    if faults is None:
        file.unlink(missing_ok=True)
        return
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(asdict(faults)))
    draft.replace(file)


class FaultSwitch:
    """Decides for each call what goes wrong with it.

    Args:
        file: the faults; read anew when it is written anew.
        clock: seconds.
    """

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._stamp: tuple[int, int] | None = None
        self._faults = Faults()
        self._dice = random.Random(0)  # noqa: S311 - dice, not secrets
        self._calls = 0
        self._young: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def on(self) -> bool:
        """Whether anything goes wrong at all."""
        self._read()
        return self._faults != Faults()

    @property
    def lateness(self) -> Lateness:
        """How late replication is, and what it cannot reach."""
        self._read()
        faults = self._faults
        return Lateness(
            seconds=faults.replicated_after_s, lost_region=faults.lost_region, lost_since=faults.lost_since
        )

    def unreachable(self, environ: Mapping[str, Any]) -> bool:
        """Whether a request goes to a region that is lost."""
        lost = self._faults.lost_region if self.on else None
        signed = calls.credential(environ) if lost else None
        if signed is None:
            return False
        access_key, region, service = signed
        if region != lost and not (service == "s3" and _region_of_bucket(environ) == lost):
            return False
        session = sessions.find(ACCOUNT_ID, access_key)
        return not (session and sessions.is_observer(session))

    def before(self, environ: Mapping[str, Any]) -> tuple[Call, Refusal] | None:
        """What a call is refused with, before anything is done; None if it may go on."""
        if not self.on or not by_provider(environ):
            return None
        try:
            call = calls.read(environ)
        except UnknownCallError:
            return None
        if call.scope in _UNSIGNED:
            return None
        with self._lock:
            self._calls += 1
            refusal = self._expired(call) or self._diced(call) or self._not_yet(call)
        return (call, refusal) if refusal else None

    def after(self, environ: Mapping[str, Any], answer: Response) -> None:
        """Note what was created, and lose the answer where the dice say so."""
        if not self.on or not by_provider(environ):
            return
        if self._faults.late_s and b"Create" in answer.data[:200]:
            now = self._clock()
            for found in _YOUNG_ID.finditer(answer.get_data(as_text=True)):
                self._young.setdefault(found[0], now)
        if self._faults.lost and self._dice.random() < self._faults.lost:
            connection = environ.get("werkzeug.socket")
            with suppress(OSError):
                if connection is not None:
                    connection.shutdown(socket.SHUT_RDWR)

    def _expired(self, call: Call) -> Refusal | None:
        limit = self._faults.expire_after
        if limit is None or self._calls <= limit:
            return None
        # S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
        as_bad = call.protocol in {"ec2", "json"} or call.model == "s3"
        status = _BAD_REQUEST if as_bad else _FORBIDDEN
        code = _EXPIRED.get(call.protocol, "ExpiredToken")
        return Refusal(
            code=code, status=status, message="The security token included in the request is expired"
        )

    def _diced(self, call: Call) -> Refusal | None:
        drawn = self._dice.random()
        if drawn < self._faults.throttled:
            code = _THROTTLED.get(call.protocol, "ThrottlingException")
            status = _SLOW_DOWN if code in {"SlowDown", "RequestLimitExceeded"} else _BAD_REQUEST
            return Refusal(code=code, status=status, message="Rate exceeded")
        if drawn < self._faults.throttled + self._faults.broken:
            return Refusal(code="InternalError", status=_BROKEN, message="We encountered an internal error")
        return None

    def _not_yet(self, call: Call) -> Refusal | None:
        """Reads of what was created a moment ago find nothing."""
        if not self._faults.late_s or call.model != "ec2" or not call.operation.startswith("Describe"):
            return None
        for found in _YOUNG_ID.finditer(json.dumps(call.parameters, default=str)):
            created = self._young.get(found[0])
            if created is not None and self._clock() - created < self._faults.late_s:
                return Refusal(
                    code=_NOT_FOUND[found[1]], status=_BAD_REQUEST, message=f"{found[0]} does not exist"
                )
        return None

    def _read(self) -> None:
        try:
            stat = self._file.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
        except FileNotFoundError:
            stamp = None
        if stamp == self._stamp:
            return
        with self._lock:
            self._faults = read_file(self._file)
            self._dice = random.Random(self._faults.seed)  # noqa: S311 - dice, not secrets
            self._stamp, self._calls = stamp, 0
            self._young.clear()
