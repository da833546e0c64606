"""Run a Pulumi operation on the rehearsal's stack, and tell what it did."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import Any, Literal

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal import shell
from groundplan.rehearsal.pulumi_events import Diagnostic, EventLog, ResourceRun, Tally
from groundplan.rehearsal.world import PROJECT_ROOT, World

Operation = Literal["preview", "up", "refresh", "destroy"]

KUBERNETES = "**kubernetes:**"
"""URNs of all Kubernetes objects, of their provider and of the components that hold them."""
_POLL_S = 0.05
_UNCHANGED = frozenset({"same", "read", "refresh"})
_LOG_LINES = 15


@dataclass(frozen=True, kw_only=True)
class StackResult:
    """What an operation did.

    Args:
        command: as a person would type it in the rehearsal's shell.
        exit_code: Pulumi's.
        seconds: wall time, from the start of the CLI to its end.
        changes: number of resources by operation (`create`, `update`, `delete`, `same`, ...).
        resources: each resource's operation and time.
        outputs: outputs of the stack; secrets show as `[secret]`.
        diagnostics: messages of the engine, the providers and the program.
    """

    command: str
    exit_code: int
    seconds: float
    changes: Mapping[str, int]
    resources: tuple[ResourceRun, ...]
    outputs: Mapping[str, Any]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def changed(self) -> int:
        """How many resources were (or in a preview: would be) created, updated, replaced or deleted."""
        return sum(count for operation, count in self.changes.items() if operation not in _UNCHANGED)

    @property
    def differences(self) -> tuple[str, ...]:
        """What these changes are: operation, type, name and the properties that differ. Without any value."""
        return tuple(
            " ".join((run.operation, run.type, run.name, *run.properties))
            for run in self.resources
            if run.operation not in _UNCHANGED
        )


def run(
    world: World,
    operation: Operation,
    on_tally: Callable[[Tally], None] = lambda _: None,
    stack_file: Path | None = None,
    project: Path = PROJECT_ROOT,
    log: EventLog | None = None,
    options: Sequence[str] = (),
    variables: Mapping[str, str] = MappingProxyType({}),
) -> StackResult:
    """Run one operation to its end, as a person would type it in the rehearsal's shell.

    Ctrl-C asks Pulumi to stop, which waits for what is under way and saves its state; a second one does not
    wait.

    Args:
        world: the rehearsal; its engines run.
        operation: what to do.
        stack_file: settings in the place of the stack's own, this once.
        on_tally: told after each resource's beginning and end. Called in another thread.
        project: root of the program; another one than ours where an older commit is applied.
        log: takes the events in; for who wants those of an operation that fails, too.
        options: further words of the command line.
        variables: further ones of its shell, such as another session.

    Raises:
        GroundplanError: it failed; the message is the first error that is not a consequence of another one.
        KeyboardInterrupt: after Pulumi has ended.
    """
    words = ["pulumi", operation, "--stack", world.environment, "--non-interactive", "--color", "never"]
    if operation != "preview":
        words += ["--yes", "--skip-preview"]
    if world.scope == "aws" and operation in {"preview", "up"}:
        words += ["--exclude", KUBERNETES]
    words += options
    log = log or EventLog(on_tally=on_tally)
    began = time.monotonic()
    shell_variables = {**shell.child_environment(world), **variables}
    if stack_file:
        shell_variables["GROUNDPLAN_STACK_FILE"] = str(stack_file)
    exit_code, output = _run(world, words, log, shell_variables, project)
    result = StackResult(
        command=" ".join(words),
        exit_code=exit_code,
        seconds=round(time.monotonic() - began, 2),
        changes=dict(log.changes),
        resources=tuple(log.runs),
        outputs=dict(log.outputs),
        diagnostics=tuple(log.diagnostics),
    )
    if exit_code != 0:
        raise _failure(world, operation, log, output)
    return result


def _run(
    world: World, words: list[str], log: EventLog, variables: Mapping[str, str], project: Path
) -> tuple[int, str]:
    """Run Pulumi and read its events as they come; return its exit code and what it printed."""
    # Without PULUMI_DEBUG_COMMANDS there is no --event-log. It goes to a file: Pulumi opens it to read as
    # well, so that a pipe would not break when this command is killed, but fill up and hold Pulumi for ever.
    variables = {**variables, "PULUMI_DEBUG_COMMANDS": "true"}
    with (world.logs / "pulumi.log").open("ab+") as output, TemporaryFile(buffering=0) as events:
        start = output.tell()
        child = subprocess.Popen(
            [*words, "--event-log", f"/dev/fd/{events.fileno()}"],
            executable=str(world.bin / "pulumi"),
            cwd=project,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(events.fileno(),),
            start_new_session=True,  # Ctrl-C reaches it through us alone, once
        )
        ended = threading.Event()
        with ThreadPoolExecutor(max_workers=1) as pool:
            reading = pool.submit(_read_events, events, log, ended)
            try:
                _wait(child)
            finally:
                ended.set()
            reading.result()
        output.seek(start)
        return child.returncode, output.read().decode(errors="replace")


def _read_events(events: io.FileIO, log: EventLog, ended: threading.Event) -> None:
    unfinished = b""
    while True:
        last = ended.is_set()  # asked first, so that the last look sees all that was written
        *lines, unfinished = (unfinished + (events.read() or b"")).split(b"\n")
        for line in lines:
            log.add(json.loads(line), time.monotonic())
        if last:
            return
        ended.wait(_POLL_S)


def _wait(child: subprocess.Popen[bytes]) -> None:
    interrupted: KeyboardInterrupt | None = None
    while child.returncode is None:
        try:
            child.wait()
        except KeyboardInterrupt as interrupt:
            interrupted = interrupt
            child.send_signal(signal.SIGINT)
    if interrupted:
        raise interrupted


def _failure(world: World, operation: str, log: EventLog, output: str) -> GroundplanError:
    error = log.first_error()
    where = f" at {error.urn.split('::', 2)[2]}" if error and error.urn else ""
    reason = error.message if error else "it printed no error"
    return GroundplanError(
        f"pulumi {operation} failed{where}: {reason}",
        log=None if error else "\n".join(output.splitlines()[-_LOG_LINES:]),
        hint=f"All of it: {world.logs / 'pulumi.log'}",
        exit_code=ExitCode.DEPLOYMENT,
    )
