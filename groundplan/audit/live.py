"""What an account and a cluster hold now, in the place of what a state says of them.

The state is copied into a backend of files that ends with the audit, and Pulumi refreshes the copy: providers
read every resource, and nothing is written but the copy. The stack's own state is only read.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from groundplan.audit import sources
from groundplan.audit.drift import DriftFact, drift_between
from groundplan.audit.sources import Source
from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.pulumi_events import plain_text
from groundplan.state.copies import with_salt_of

_LOG_LINES = 15
_DIAGNOSTIC = '"diagnosticEvent"'
_NOT_OURS = (
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_OPTION_CONFIG_FILE",
    "PULUMI_STACK",
    "GROUNDPLAN_STACK_FILE",
)
"""Variables that would lead the copy to secrets, settings or the stack of the original."""


def from_account(environment: str, report: Callable[[str], None]) -> tuple[Source, tuple[DriftFact, ...]]:
    """The resources of a stack as their providers see them now, and how they differ from its state.

    Args:
        environment: the stack; Pulumi and the way to the account are those of this shell.
        report: takes one line about each longer step.

    Raises:
        GroundplanError: the state cannot be read (exit code 2 or 6), or not refreshed (4).
    """
    known = sources.from_stack(environment)
    report(f"{environment}: a copy of its state is refreshed")
    with TemporaryDirectory(prefix="groundplan-live-") as folder:
        text, differing = _refreshed(Path(folder), known)
    found = sources.from_state(text, f"pulumi refresh of a copy of the state of {environment}")
    return replace(found, kind="account"), drift_between(known.resources, found.resources, differing)


def _refreshed(folder: Path, known: Source) -> tuple[str, Mapping[str, frozenset[str]]]:
    """The state after a refresh, and the properties that providers call different, by URN.

    What the folder holds of its secrets is encrypted by a passphrase that nobody keeps.
    """
    stack, project = known.resources[0].urn.removeprefix("urn:pulumi:").split("::")[:2]
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": project, "runtime": "python"}))
    (folder / "state").mkdir()
    variables = {
        **{name: value for name, value in os.environ.items() if name not in _NOT_OURS},
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": secrets.token_urlsafe(32),
    }
    settings = folder / f"Pulumi.{stack}.yaml"

    def pulumi(*words: str, stdin: str = "") -> str:
        return _pulumi(folder, variables, known.environment, words, stdin)

    pulumi("stack", "init", stack, "--no-select")
    pulumi("stack", "import", "--stack", stack, stdin=with_salt_of(settings, known.text))
    # Its own file of settings: the pulumi of a rehearsal's shell would name the stack's.
    options = ("--yes", "--skip-preview", "--json", "--config-file", str(settings))
    differing = _differing(pulumi("refresh", "--stack", stack, *options))
    return pulumi("stack", "export", "--stack", stack, "--show-secrets"), differing


def _differing(events: str) -> dict[str, frozenset[str]]:
    """What a refresh changed. Another order of a set and another way to write a value are no difference."""
    steps = [json.loads(line).get("resOutputsEvent", {}).get("metadata", {}) for line in events.splitlines()]
    return {
        step["urn"]: frozenset(step.get("diffs") or ())
        for step in steps
        if step.get("op") in {"update", "delete"}
    }


def _pulumi(
    folder: Path, variables: Mapping[str, str], environment: str, words: tuple[str, ...], stdin: str
) -> str:
    done = subprocess.run(
        ["pulumi", *words, "--non-interactive", "--color", "never"],
        cwd=folder,
        env=variables,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = [*_errors(done.stdout), *done.stderr.strip().splitlines()]
        raise GroundplanError(
            f"{environment}: `pulumi {' '.join(words[:2])}` failed on a copy of the state. "
            "Nothing was judged, and the stack was not touched.",
            log="\n".join(lines[-_LOG_LINES:]),
            hint="Providers must reach account and cluster from this shell, with rights to read.",
            exit_code=ExitCode.DEPLOYMENT,
        )
    return done.stdout


def _errors(events: str) -> list[str]:
    """The engine's words on what went wrong, without colours."""
    said = [json.loads(line)["diagnosticEvent"] for line in events.splitlines() if _DIAGNOSTIC in line]
    return [plain_text(each["message"]) for each in said if each["severity"] == "error"]
