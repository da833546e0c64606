"""A small stack on a rehearsal's account, to be killed, damaged and robbed of its credentials."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from groundplan.rehearsal import inventory, processes, shell
from groundplan.rehearsal.world import PROJECT_ROOT, World
from groundplan.state.bucket import Folder
from groundplan.state.location import StackLocation

PROGRAM = PROJECT_ROOT / "tests" / "rehearsal" / "programs" / "crash" / "__main__.py"
PROJECT, STACK = "crash", "trial"
_TIMEOUT_S = 300


@dataclass(frozen=True, kw_only=True)
class Run:
    """One command that ended.

    Args:
        exit_code: what it ended with.
        output: stdout and stderr.
    """

    exit_code: int
    output: str


@dataclass(frozen=True)
class SmallStack:
    """A Pulumi project of its own, with a backend of files of its own.

    Args:
        folder: program, settings and state.
        world: the rehearsal; emulator and providers run.
    """

    folder: Path
    world: World
    _extra: dict[str, str] = field(default_factory=dict)

    @cached_property
    def variables(self) -> dict[str, str]:
        """The shell: that of the rehearsal, with the real CLI first and a backend of its own."""
        home = self.world.engine_data("pulumi")
        inherited = shell.environment(self.world)
        (self.folder / "state").mkdir(exist_ok=True)
        return {
            **inherited,
            **self._extra,
            "PATH": f"{home / 'bin'}:{inherited['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "trial",
            "PYTHONPATH": str(PROJECT_ROOT),
            processes.MARKER: self.world.id,
        }

    @property
    def location(self) -> StackLocation:
        """Where its state lies."""
        return StackLocation(bucket=Folder(f"file://{self.folder / 'state'}"), project=PROJECT, stack=STACK)

    @property
    def state_file(self) -> Path:
        """Its state."""
        return self.folder / "state" / self.location.usual_key

    def pulumi(self, *words: str) -> Run:
        """Run the real CLI to its end."""
        return self._run(_pulumi(*words))

    def document(self, *words: str) -> str:
        """What the CLI prints for programs, without the rest."""
        return subprocess.run(
            _pulumi(*words),
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    def apply(self, operation: str, *words: str) -> Run:
        """`up`, `refresh` or `destroy`, without a preview."""
        return self.pulumi(operation, "--yes", "--skip-preview", *words)

    def groundplan(self, *words: str) -> Run:
        """Run our own command, as a person does."""
        return self._run([sys.executable, "-m", "groundplan", *words])

    def unchanged(self) -> bool:
        """Whether a preview expects no change."""
        return self.pulumi("preview", "--expect-no-changes").exit_code == 0

    def resources(self) -> list[dict]:
        """What the state holds."""
        return json.loads(self.state_file.read_text())["checkpoint"]["latest"].get("resources") or []

    def counts(self) -> dict[str, int]:
        """How many of each kind the account holds; ids are AWS' own and differ."""
        found = inventory.aws_inventory(self.world)
        kinds = Counter(f"{service} {item.partition('/')[0]}" for service in found for item in found[service])
        return dict(sorted(kinds.items()))

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start the CLI, leading a process group of its own, and return at once."""
        return subprocess.Popen(
            _pulumi(*words),
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def kill_up(self, boundary: int) -> int:
        """Run `up` and kill CLI, language host and program at a boundary of an operation.

        Args:
            boundary: how many beginnings and ends of operations on AWS resources are awaited.

        Returns:
            how many came before it was killed, or before it ended.
        """
        receiving, sending = os.pipe()
        words = ["pulumi", "up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive"]
        with (self.folder / "killed.log").open("ab") as log:
            child = subprocess.Popen(
                [*words, "--event-log", f"/dev/fd/{sending}"],
                cwd=self.folder,
                env={**self.variables, "PULUMI_DEBUG_COMMANDS": "true"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(sending,),
                start_new_session=True,
            )
        os.close(sending)
        seen = 0
        for seen, _ in enumerate(_boundaries(receiving), start=1):
            if seen == boundary:
                signal_tree(child.pid, signal.SIGKILL)
                break
        child.wait()
        os.close(receiving)
        return seen

    def _run(self, words: list[str]) -> Run:
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        return Run(exit_code=done.returncode, output=done.stdout)


def _pulumi(*words: str) -> list[str]:
    """A command line of the real CLI, on the small stack."""
    return ["pulumi", *words, "--stack", STACK, "--non-interactive", "--color", "never"]


def signal_tree(root: int, number: signal.Signals) -> None:
    """Send a signal to a process and all below it: language host and program lead groups of their own."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            text = stat.read_text(errors="replace")
            parents[int(stat.parent.name)] = int(text[text.rindex(")") + 2 :].split()[1])
    doomed = [root]
    for pid in doomed:
        doomed += [child for child, parent in parents.items() if parent == pid]
    for pid in doomed:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _boundaries(pipe: int) -> Iterator[str]:
    """Beginnings and ends of operations on AWS resources, as they happen."""
    with os.fdopen(os.dup(pipe), encoding="utf-8") as events:
        for line in events:
            event = json.loads(line)
            for kind in ("resourcePreEvent", "resOutputsEvent"):
                step = (event.get(kind) or {}).get("metadata") or {}
                if step.get("type", "").startswith("aws:") and step.get("op") != "same":
                    yield step["urn"]


@contextmanager
def small_stack(world: World) -> Generator[SmallStack]:
    """Make the stack, empty; in the end destroy what it holds."""
    with TemporaryDirectory(prefix="groundplan-crash-") as name:
        folder = Path(name)
        (folder / "Pulumi.yaml").write_text(json.dumps({"name": PROJECT, "runtime": "python"}))
        (folder / f"Pulumi.{STACK}.yaml").write_text(json.dumps({"config": {"aws:region": world.region}}))
        shutil.copy(PROGRAM, folder)
        made = SmallStack(folder, world)
        created = made._run(["pulumi", "stack", "init", STACK, "--non-interactive"])  # noqa: SLF001 - its own
        if created.exit_code:
            raise RuntimeError(created.output)
        yield made
        made.apply("destroy")
