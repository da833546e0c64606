"""The emulated AWS account: moto's server with our EKS, its webhooks, agent and controllers."""

from __future__ import annotations

import sys
from typing import ClassVar

import moto

from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.engines.probe import Tls, answers
from groundplan.rehearsal.world import PROJECT_ROOT, World


class EmulatorEngine(ProcessEngine):
    """Needs no other engine: its controllers wait for the API server by themselves."""

    name: ClassVar[str] = "emulator"
    version: ClassVar[str] = moto.__version__
    stands_for: ClassVar[str] = "the AWS account: EC2, S3, KMS, IAM, ECR, EKS and its controllers"
    ready_timeout_s: ClassVar[float] = 150  # it first reads the models of thirty services for its inventory

    def command(self, world: World) -> Command:
        """Run the package's own module with the Python that runs this."""
        world.credentials.unlink(missing_ok=True)  # of an earlier process, whose account is gone
        return Command(
            argv=(
                sys.executable,
                "-m",
                "groundplan.rehearsal.emulator",
                "--world",
                str(world.folder / "world.json"),
            ),
            env={"PYTHONPATH": str(PROJECT_ROOT), "PYTHONUNBUFFERED": "1"},
            ports=(world.ports.emulator, world.ports.emulator_webhook, world.ports.pod_identity),
        )

    def ready(self, world: World) -> bool:
        """Whether the deployer's credentials are there and the AWS APIs answer."""
        return world.credentials.exists() and answers(
            str(world.node_address),
            world.ports.emulator,
            "/moto-api/",
            Tls(authority=world.certificate_authority),
        )
