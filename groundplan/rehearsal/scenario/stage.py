"""What a step works with: the rehearsal's shell, its record, its clients."""

from __future__ import annotations

import json
import shlex
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import kubernetes.client as kubernetes_client
import kubernetes.config as kubernetes_config

from groundplan.errors import ExitCode, GroundplanError
from groundplan.progress import Progress
from groundplan.rehearsal import shell, supervisor
from groundplan.rehearsal.engines import engines_of
from groundplan.rehearsal.scenario.record import StepRecord
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import PROJECT_ROOT, World


@dataclass(kw_only=True)
class Stage:
    """The surroundings of the step at work.

    Args:
        world: the rehearsal.
        toolbox: where its tools are.
        progress: what people see.
        record: the evidence of this step.
    """

    world: World
    toolbox: Toolbox
    progress: Progress
    record: StepRecord

    @cached_property
    def shell_environment(self) -> dict[str, str]:
        """Variables of the shell that `groundplan rehearse env` leaves, and the rehearsal's mark."""
        return shell.child_environment(self.world)

    def run(self, line: str, *, check: bool = True, quiet: bool = False) -> str:
        """Run one line in the rehearsal's shell, as a person would type it, and note it as evidence.

        Args:
            line: a command or pipeline for bash.
            check: raise when it fails.
            quiet: leave it out of the evidence (for polling).

        Returns:
            its standard output.

        Raises:
            GroundplanError: the command failed; its last lines are shown.
        """
        began = time.monotonic()
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=PROJECT_ROOT,
            env=self.shell_environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if not quiet:
            seconds = round(time.monotonic() - began, 2)
            self.record.ran(line, exit_code=done.returncode, seconds=seconds)
        if check and done.returncode != 0:
            raise GroundplanError(
                f"`{line}` ended with exit code {done.returncode}.",
                log="\n".join((done.stderr or done.stdout).splitlines()[-15:]),
                hint=f"Try it by hand: {self.shell_hint}",
                exit_code=ExitCode.DEPLOYMENT,
            )
        return done.stdout

    @contextmanager
    def noted(self, line: str) -> Generator[None]:
        """Note as evidence the line with which a person does what the block does in this process."""
        began, exit_code = time.monotonic(), ExitCode.GENERIC
        try:
            yield
            exit_code = ExitCode.OK
        finally:
            seconds = round(time.monotonic() - began, 2)
            self.record.ran(line, exit_code=exit_code, seconds=seconds)

    @property
    def shell_hint(self) -> str:
        """How a person gets into the rehearsal's shell."""
        return f'eval "$(groundplan rehearse env {self.world.environment} --id {shlex.quote(self.world.id)})"'

    @cached_property
    def s3(self) -> Any:
        """The rehearsal's S3, as its deployer. One client a step: making one costs more than asking it."""
        session = boto3.Session(
            aws_access_key_id=self.shell_environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.shell_environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.shell_environment["AWS_SESSION_TOKEN"],
            region_name=self.world.region,
        )
        return session.client(
            "s3",
            endpoint_url=self.world.aws_endpoint_url,
            verify=str(self.world.certificate_authority),
        )

    def read_object(self, bucket: str, key: str) -> bytes:
        """The content of an object."""
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    @cached_property
    def cluster(self) -> kubernetes_client.ApiClient:
        """The rehearsal's own login to the cluster, for looking on (what the program does goes by `run`)."""
        return kubernetes_config.new_client_from_config(str(self.world.admin_kubeconfig))

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """Outputs of the stack."""
        stack = self.world.environment
        return json.loads(self.run(f"pulumi stack output --json --stack {stack}", quiet=True))

    @property
    def tenant(self) -> dict[str, Any]:
        """The stack's output about the tenant that the scenario plays."""
        return self.outputs["tenants"]["vision"]

    def wait(self, what: str, condition: Callable[[], Any], *, timeout_s: float, every_s: float = 0.5) -> Any:
        """Ask until `condition` gives something true, and return that.

        Raises:
            GroundplanError: it did not within `timeout_s` (exit code 9), or an engine died meanwhile.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            supervisor.check(self.world, engines_of(self.world))
            found = condition()
            if found:
                return found
            if time.monotonic() > deadline:
                raise GroundplanError(
                    f"Waited {timeout_s:.0f} s for {what}, in vain.",
                    hint=f"Look for yourself: {self.shell_hint}",
                    exit_code=ExitCode.TIMEOUT,
                )
            time.sleep(every_s)
