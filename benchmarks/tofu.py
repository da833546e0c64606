"""OpenTofu in a folder of its own, with the provider program of the rehearsal, on the rehearsal's account."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.tofu_estate import Estate, estate_of

NO_CHANGES = 0
CHANGES = 2
"""Exit codes of `tofu plan -detailed-exitcode`."""
_ROUNDS = 6


@dataclass(frozen=True, kw_only=True)
class Tofu:
    """OpenTofu's program in a folder.

    Args:
        program: the binary.
        folder: where configuration and state lie.
        variables: the environment, with the way to the account.
    """

    program: Path
    folder: Path
    variables: Mapping[str, str]

    def words(self, *arguments: str) -> list[str]:
        """A command line."""
        return [str(self.program), f"-chdir={self.folder}", *arguments]

    def run(self, *arguments: str, expected: tuple[int, ...] = (0,)) -> str:
        """Run a command and return what it printed.

        Raises:
            SystemExit: it ended with another exit code than expected.
        """
        done = subprocess.run(
            self.words(*arguments), env=dict(self.variables), capture_output=True, text=True, check=False
        )
        if done.returncode not in expected:
            raise SystemExit(
                f"tofu {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def schema(self) -> dict[str, Any]:
        """What OpenTofu knows of the provider."""
        (self.folder / "main.tf.json").write_text(
            json.dumps({"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}}})
        )
        return json.loads(self.run("providers", "schema", "-json"))


def prepare(program: Path, provider: Path, folder: Path, variables: Mapping[str, str]) -> Tofu:
    """OpenTofu that takes this provider program, without a registry."""
    settings = folder / "tofurc"
    settings.write_text(
        f'provider_installation {{\n  dev_overrides {{\n    "hashicorp/aws" = "{provider.parent}"\n  }}\n}}\n'
    )
    work = folder / "estate"
    work.mkdir()
    quiet = {
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
    }
    return Tofu(program=program, folder=work, variables={**variables, **quiet})


def settle(tofu: Tofu, state: Mapping[str, Any]) -> Estate:
    """Bring OpenTofu to "no changes" for a Pulumi state: it reads all, what still differs is left alone.

    Raises:
        SystemExit: it still plans changes after some rounds.
    """
    estate = estate_of(state, tofu.schema())
    _leave_out_what_is_refused(tofu, estate)
    estate.write_state(tofu.folder)
    tofu.run("apply", "-refresh-only", "-auto-approve", "-no-color")
    for _ in range(_ROUNDS):
        changes = _changes(tofu)
        if not changes:
            return estate
        for change in changes:
            _give_way(tofu, estate, change)
        estate.write_configuration(tofu.folder)
    raise SystemExit(f"OpenTofu still plans changes: {[each['address'] for each in _changes(tofu)]}")


def _leave_out_what_is_refused(tofu: Tofu, estate: Estate) -> None:
    """Arguments that the provider does not accept together, although its account holds them."""
    for _ in range(_ROUNDS):
        estate.write_configuration(tofu.folder)
        verdict = json.loads(tofu.run("validate", "-json", expected=(0, 1)))
        wrong = {
            each.get("address", ""): each for each in verdict["diagnostics"] if each["severity"] == "error"
        }
        if not wrong:
            return
        for address, each in wrong.items():
            if address not in estate.configuration:
                raise SystemExit(f"tofu validate: {each['summary']}: {each.get('detail', '')}")
            estate.leave_out(address, f"{each['summary']}: {each.get('detail', '')}")
    raise SystemExit("tofu validate still finds mistakes")


def _changes(tofu: Tofu) -> list[dict[str, Any]]:
    """What a plan without a refresh would change."""
    tofu.run("plan", "-refresh=false", "-out=planned", "-no-color")
    planned = json.loads(tofu.run("show", "-json", "planned"))
    return [
        each
        for each in planned.get("resource_changes", ())
        if each["change"]["actions"] not in (["no-op"], ["read"])
    ]


def _give_way(tofu: Tofu, estate: Estate, planned: Mapping[str, Any]) -> None:
    """Leave alone the arguments that differ; leave out what OpenTofu would make anew all the same."""
    address, change = planned["address"], planned["change"]
    before, after, unknown = (change.get(key) or {} for key in ("before", "after", "after_unknown"))
    differing = {
        name
        for name in {*before, *after, *unknown}
        if name in estate.settable(address)
        and (unknown.get(name) is True or before.get(name) != after.get(name))
    }
    if before and after and not differing <= set(estate.ignored.get(address, ())):
        estate.ignore(address, differing)
        return
    if before:
        tofu.run("state", "rm", address)
    estate.leave_out(address, f"OpenTofu would {' and '.join(change['actions'])} it")
