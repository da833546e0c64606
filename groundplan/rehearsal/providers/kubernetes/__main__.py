"""Run the provider: `python -m groundplan.rehearsal.providers.kubernetes --world <folder>/world.json ...`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from pulumi.runtime.proto import provider_pb2_grpc

from groundplan.rehearsal import shell, worlds
from groundplan.rehearsal.providers import grpc_server
from groundplan.rehearsal.providers.kubernetes.provider import KubernetesService

_THREADS = 128
"""A waiting resource holds one; Pulumi works on as many resources at a time as its graph allows."""


def main() -> None:
    """Serve until terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", type=Path, required=True, help="the rehearsal's world.json")
    parser.add_argument("--port-file", type=Path, required=True, help="where to write its port")
    parser.add_argument("--credentials", type=Path, required=True, help="of whoever logs in to the cluster")
    args = parser.parse_args()
    world = worlds.load_file(args.world)

    def environment() -> Mapping[str, str]:
        return {**os.environ, **shell.environment(world), **shell.session_of(args.credentials)}

    grpc_server.serve_until_terminated(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(
            KubernetesService(environment), server
        ),
        args.port_file,
        threads=_THREADS,
    )


if __name__ == "__main__":
    main()
