"""Serve the AWS provider of one rehearsal: `python -m groundplan.rehearsal.providers.aws --world FILE`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from pathlib import Path

import grpc
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2_grpc

from groundplan.rehearsal import worlds
from groundplan.rehearsal.providers.aws.bridge import Bridge
from groundplan.rehearsal.providers.aws.bridge_schema import BridgeSchema
from groundplan.rehearsal.providers.aws.bridges import Bridges
from groundplan.rehearsal.providers.aws.engine_relay import EngineRelay
from groundplan.rehearsal.providers.aws.environment import provider_environment
from groundplan.rehearsal.providers.aws.msk_topic import MskTopics
from groundplan.rehearsal.providers.aws.server import AwsProvider
from groundplan.rehearsal.providers.aws.translation import Dictionary
from groundplan.rehearsal.providers.aws.tunnel import start_tunnel
from groundplan.rehearsal.providers.grpc_server import listening_port, serve_until_terminated

_THREADS = 256
"""A call that waits for a resource holds a thread; the engine runs as many as the program has resources."""


def main() -> int:
    """Serve until terminated."""
    parser = argparse.ArgumentParser()
    for name in ("world", "bridge", "provider", "schema", "port-file", "credentials"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    world = worlds.load_file(args.world)
    credentials = json.loads(args.credentials.read_text())
    tunnel = start_tunnel(world)
    environment = provider_environment(world, credentials, os.environ, proxy_url=tunnel.url)
    # A signal during the start must end the bridge, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bridges = Bridges(lambda: Bridge(args.bridge, args.provider, environment), world.region)
    relay = EngineRelay()
    provider = AwsProvider(
        bridges,
        Dictionary(BridgeSchema(args.schema)),
        relay,
        lambda: f"127.0.0.1:{listening_port(args.port_file)}",
        MskTopics(environment),
    )

    def register(server: grpc.Server) -> None:
        engine_pb2_grpc.add_EngineServicer_to_server(relay, server)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)

    try:
        serve_until_terminated(register, args.port_file, threads=_THREADS)
    finally:
        bridges.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
