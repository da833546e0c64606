"""The commands of `deploy` and `drift`, word by word, as the roles whose credentials their jobs take.

Setting up is not among them: actions log in and install, and GitHub runs them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from groundplan.errors import ExitCode
from groundplan.progress import Progress
from groundplan.rehearsal import stack, worlds
from groundplan.rehearsal.rehearse import rehearse
from groundplan.rehearsal.scenario.record import StepRecord
from groundplan.rehearsal.scenario.stage import Stage
from groundplan.rehearsal.scenario.steps import reading
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import PROJECT_ROOT, cache_folder

from .conftest import throw_away

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(1500)]

ID = "test-workflows"
_SET_UP = "Set up"
_COPIED = ("infra", "stacks", "Pulumi.yaml")
"""What Pulumi takes for the project; the rest is linked to."""


def _commands(workflow: str, job: str) -> dict[str, str]:
    """What a job's own steps run, by their names."""
    document = yaml.safe_load((PROJECT_ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text())
    steps = document["jobs"][job]["steps"]
    return {step["name"]: step["run"] for step in steps if "run" in step and step["name"] != _SET_UP}


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A machine of GitHub's on which the repository is checked out.

    Args:
        stage: the rehearsal in the place of the account.
        folder: the checkout.
    """

    stage: Stage
    folder: Path

    def run(self, workflow: str, job: str, login: Mapping[str, str], **variables: str) -> list[str]:
        """Run a job's commands until one fails; returns what each printed, and the failed one's exit code."""
        said = []
        for name, text in _commands(workflow, job).items():
            code, output = self.type(text, login, **variables)
            said.append(output)
            if code:
                said.append(f"{name}: {code}")
                break
        return said

    def type(self, text: str, login: Mapping[str, str], **variables: str) -> tuple[int, str]:
        """Run commands as GitHub does, in the rehearsal's shell with another login."""
        known = {
            "STACK": "dev",
            "RELEASE": self.stage.world.release_manifest.read_text(),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "PYTHONPATH": str(PROJECT_ROOT),
            "PULUMI_EXPERIMENTAL": "true",
            "GROUNDPLAN_STACK_FILE": str(self.folder / "stacks" / "Pulumi.dev.yaml"),
            # No cluster is here: every command of Pulumi that knows the option takes it from this.
            "PULUMI_OPTION_EXCLUDE": stack.KUBERNETES,
        }
        done = subprocess.run(
            ["bash", "-e", "-c", text],
            cwd=self.folder,
            env={**self.stage.shell_environment, **login, **known, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    @property
    def outputs(self) -> dict[str, str]:
        """What steps wrote for other jobs, under the names by which `apply` gets it."""
        lines = (self.folder / "output").read_text().splitlines()
        return {name.upper(): value for name, _, value in (line.partition("=") for line in lines)}


@contextmanager
def _checkout(folder: Path) -> Generator[Path]:
    for entry in PROJECT_ROOT.iterdir():
        if entry.name not in {*_COPIED, "rehearsals", "release.json"}:
            (folder / entry.name).symlink_to(entry)
    for name in _COPIED:
        source = PROJECT_ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    yield folder


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Generator[Runner]:
    """An empty account, and a checkout."""
    throw_away(ID)
    rehearse("dev", ID, Progress(), until="engines", scope="aws")
    stage = Stage(
        world=worlds.load(ID),
        toolbox=Toolbox(cache_folder(), print),
        progress=Progress(),
        record=StepRecord(name="workflows", title="Workflows"),
    )
    with _checkout(tmp_path_factory.mktemp("checkout")) as folder:
        yield Runner(stage=stage, folder=folder)
    throw_away(ID)


def test_commands_are_found() -> None:
    """Each job has commands of its own, or nothing below would prove anything."""
    jobs = (("deploy", "plan"), ("deploy", "apply"), ("drift", "drift"))
    assert [len(_commands(*job)) for job in jobs] == [1, 4, 2]


def test_the_jobs_do_what_they_say(runner: Runner) -> None:
    """The reader plans, the deployer applies that and audits, the reader finds no drift, by its rights alone.

    As the reader nothing is applied; and a plan that somebody changed is not applied by anybody.
    """
    with reading.providers(runner.stage) as reader:
        planned = runner.run("deploy", "plan", reader)
        assert len(planned) == 1, planned
        assert "create" in (runner.folder / "summary.md").read_text()
        forged = runner.run("deploy", "apply", {}, **{**runner.outputs, "PLAN": "0" * 64})
        assert forged[-1].startswith("Is it the plan that was shown?")
        applied = runner.run("deploy", "apply", {}, **runner.outputs)
        assert len(applied) == len(_commands("deploy", "apply")), applied
        assert "0 not evaluated" in applied[-1]
        looked = runner.run("drift", "drift", reader)
        assert len(looked) == len(_commands("drift", "drift")), looked
        with reading.held(runner.stage):
            looked = runner.run("drift", "drift", reader)
            assert len(looked) == len(_commands("drift", "drift")), looked
            _change(runner)
            assert len(runner.run("deploy", "plan", reader)) == 1
            refused = runner.type(_commands("deploy", "apply")["Apply it"], reader)
            assert refused[0] != ExitCode.OK
            assert "is not authorized to perform" in refused[1], refused[1]
            assert _owners(runner) == {"platform-team"}


def _change(runner: Runner) -> None:
    """Let there be something to apply, to everything that has tags."""
    file = runner.folder / "stacks" / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("owner: platform-team", "owner: somebody-else"))


def _owners(runner: Runner) -> set[str]:
    """Whom a role and the network belong to, by the account. The state has what a failed update wanted."""
    role = "aws iam list-role-tags --role-name groundplan-dev-flow-logs --query \"Tags[?Key=='Owner'].Value\""
    network = "aws ec2 describe-vpcs --query \"Vpcs[].Tags[?Key=='Owner'].Value[]\""
    return {owner for line in (role, network) for owner in json.loads(runner.stage.run(line, quiet=True))}
