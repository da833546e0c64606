"""Files that a person names on the command line."""

from __future__ import annotations

from pathlib import Path

from groundplan.errors import ExitCode, GroundplanError


def write(path: Path, option: str, text: str) -> None:
    """Write a file that an option names.

    Raises:
        GroundplanError: it cannot be written (exit code 2).
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GroundplanError(
            f"{option} {path}: {error.strerror}; allowed is a file in a folder that can be written.",
            hint=f"mkdir -p {path.parent}",
            exit_code=ExitCode.CONFIG,
        ) from None
