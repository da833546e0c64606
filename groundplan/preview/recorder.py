"""Run a Pulumi program against no provider at all, and write down the Kubernetes objects that it registers.

Self-contained on purpose (only `pulumi` is imported): it is run by path, and the program may be that of
another commit. What a provider would compute is unknown here, as in the preview of a new stack.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi.runtime
from pulumi.output import Unknown
from pulumi.runtime import mocks, rpc, set_mocks
from pulumi.runtime.settings import set_root_resource

_PACKAGE = "kubernetes:"
_ACCOUNT_ID = "123456789012"
_CALLER = {
    "accountId": _ACCOUNT_ID,
    "id": _ACCOUNT_ID,
    "arn": f"arn:aws:sts::{_ACCOUNT_ID}:assumed-role/deployer/session",
    "userId": "AROAEXAMPLE:session",
}


_ZONE = re.compile(r"\b[a-z]{2}(?:-[a-z]+)+-\d[a-z]\b")


class Recorder(mocks.Mocks):
    """Answers with the inputs alone, and two questions: who calls, and where instance types are offered.

    Args:
        config: the stack's configuration as text.
    """

    def __init__(self, config: str) -> None:
        self._zones = sorted(set(_ZONE.findall(config)))

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """The state of a new resource is what the program says of it."""
        return (f"{args.name}-id", dict(args.inputs))

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Whoever runs it; every type in every zone, for the AWS half asks EC2; the rest is unknown."""
        if args.token.endswith(":getInstanceTypeOfferings"):
            types = [name for each in args.args["filters"] for name in each["values"]]
            pairs = [(name, zone) for name in types for zone in self._zones]
            answer = {"instanceTypes": [name for name, _ in pairs], "locations": [zone for _, zone in pairs]}
            return answer, []
        return (dict(_CALLER) if args.token.endswith(":getCallerIdentity") else {}), []


class _Monitor(mocks.MockMonitor):
    """Keeps the Kubernetes objects, with their protection."""

    objects: list[dict[str, Any]]

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        if request.type.startswith(_PACKAGE) and request.custom:
            self.objects.append(
                {
                    "urn": self.make_urn(request.parent, request.type, request.name),
                    "type": request.type,
                    "custom": True,
                    "protect": request.protect,
                    "inputs": _plain(rpc.deserialize_properties(request.object, keep_unknowns=True)),
                }
            )
        return super().RegisterResource(request)


def main() -> None:
    """Record the program of the project in the working directory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", required=True)
    parser.add_argument("--program", required=True, help="its folder, with a __main__.py")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--config", required=True, help="a JSON object of texts")
    parser.add_argument("--out", required=True, help="the file to write")
    args = parser.parse_args()
    recorder = Recorder(args.config)
    monitor = _Monitor(recorder)
    monitor.objects = []
    set_mocks(recorder, project=args.project, stack=args.stack, preview=True, monitor=monitor)
    pulumi.runtime.set_all_config(json.loads(args.config))
    sys.path[0] = args.program  # as Pulumi starts a program

    def body() -> None:
        runpy.run_path(args.program, run_name="__main__")

    # In the place of the mocks' own: the program gets one as from the language host.
    set_root_resource(cast("pulumi.Resource", None))
    asyncio.get_event_loop().run_until_complete(pulumi.runtime.run_in_stack(body))
    Path(args.out).write_text(json.dumps(monitor.objects), encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, Unknown):
        return rpc.UNKNOWN
    if isinstance(value, dict):
        if rpc.is_rpc_secret(value):
            return "[secret]"
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


if __name__ == "__main__":
    main()
