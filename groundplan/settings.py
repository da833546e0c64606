"""Read a stack's settings: the typed models of the program, with the exit codes of the command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT
from infra.settings import Settings, SettingsError, load_stack_file


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack file that is well-formed.

    Args:
        path: of the file, from the project's root.
        settings: what it says.
    """

    path: Path
    settings: Settings


def load_stack(environment: str) -> Stack:
    """Read and check `stacks/Pulumi.<environment>.yaml`; nothing is started or called.

    Raises:
        GroundplanError: no such stack (exit code 6), or settings that cannot be used (exit code 2); every
            problem names its key, what was given and what is allowed.
    """
    path = Path("stacks") / f"Pulumi.{environment}.yaml"
    missing = not (PROJECT_ROOT / path).exists()
    try:
        settings = load_stack_file(PROJECT_ROOT / path)
    except SettingsError as error:
        raise GroundplanError(
            f"{error.file} cannot be used.",
            log="\n".join(str(problem) for problem in error.problems),
            hint=error.next_step,
            exit_code=ExitCode.NO_STACK if missing else ExitCode.CONFIG,
        ) from None
    return Stack(path=path, settings=settings)
