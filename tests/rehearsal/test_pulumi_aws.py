"""Pulumi's CLI with our language host and AWS adapter, the real Terraform provider, the emulated account."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from groundplan.errors import GroundplanError
from groundplan.rehearsal import inventory, shell, stack
from groundplan.rehearsal.world import PROJECT_ROOT, World

pytestmark = pytest.mark.rehearsal

_PROGRAM = Path(__file__).parent / "programs" / "aws"
_STACK_FILE = PROJECT_ROOT / "stacks" / "Pulumi.dev.yaml"
_TIMEOUT_S = 400


@dataclass(frozen=True)
class Project:
    """A Pulumi project of its own on the rehearsal's account.

    Args:
        folder: program and stack file.
        world: the rehearsal.
    """

    folder: Path
    world: World

    @property
    def variables(self) -> dict[str, str]:
        """Variables of the rehearsal's shell."""
        return {**shell.environment(self.world), "PULUMI_CONFIG_PASSPHRASE": "test"}

    def pulumi(self, *words: str, check: bool = True) -> str:
        """Run the real CLI (not the script that serves the user's stack) and return what it printed."""
        done = subprocess.run(
            [self._program, *words, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout
        return done.stdout

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start the CLI and return at once."""
        return subprocess.Popen(
            [self._program, *words, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def write(self, program: str) -> None:
        """Give it another program."""
        (self.folder / "__main__.py").write_text(program)

    @property
    def _program(self) -> str:
        return str(self.world.engine_data("pulumi") / "bin" / "pulumi")


@pytest.fixture(scope="module")
def world(account: World) -> World:
    """A rehearsal with the emulator and the providers."""
    return account


@pytest.fixture
def project(world: World, tmp_path: Path) -> Generator[Project]:
    """An empty project, whose resources are destroyed at the end."""
    name = tmp_path.name.lower().strip("_0123456789")[:30]
    (tmp_path / "Pulumi.yaml").write_text(json.dumps({"name": name, "runtime": "python"}))
    (tmp_path / "Pulumi.dev.yaml").write_text(json.dumps({"config": {"aws:region": world.region}}))
    made = Project(folder=tmp_path, world=world)
    made.pulumi("stack", "init", "dev")
    yield made
    made.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")


def test_platform_types_up_and_down(project: Project, world: World) -> None:
    """Every type that a platform begins with: created, unchanged, without drift, and gone without a trace."""
    shutil.copy(_PROGRAM / "__main__.py", project.folder)
    created = project.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    assert "+ 54 created" in created
    assert "warning" not in created
    assert not (world.engine_data("pulumi") / "home" / "logs").read_bytes()  # no automatic logs, no complaint
    assert "54 unchanged" in project.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    assert "54 unchanged" in project.pulumi("refresh", "--yes", "--skip-preview", "--stack", "dev")
    outputs = json.loads(project.pulumi("stack", "output", "--json", "--stack", "dev"))
    assert outputs["region"] == world.region
    assert outputs["endpoint"] == world.api_server_url
    project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")
    left = {service: ids for service, ids in inventory.aws_inventory(world).items() if ids}
    assert left == {}


def test_errors_speak_the_programs_names(project: Project) -> None:
    """The provider's own validation refuses a wrong value, in pulumi-aws' names of property and type."""
    project.write(
        "from pulumi_aws.cloudwatch.log_group import LogGroup\n"
        "LogGroup('wrong', name='wrong', retention_in_days=4)\n"
    )
    shown = project.pulumi("preview", "--stack", "dev", check=False)
    assert "aws:cloudwatch:LogGroup (wrong)" in shown
    assert "retentionInDays" in shown or "retention_in_days" in shown
    assert "aws:index" not in shown


def test_missing_property_is_refused(project: Project) -> None:
    """A property for another region than the provider's is an error, never dropped silently."""
    project.write(
        "from pulumi_aws.ec2.vpc import Vpc\nVpc('far', cidr_block='10.0.0.0/16', region='us-east-1')\n"
    )
    shown = project.pulumi("preview", "--stack", "dev", check=False)
    assert "us-east-1" in shown
    assert "region" in shown


def test_explicit_providers_have_their_own_configuration(project: Project) -> None:
    """Two providers in one program keep their default tags apart."""
    project.write(
        "import pulumi\n"
        "from pulumi_aws.cloudwatch.log_group import LogGroup\n"
        "from pulumi_aws.provider import Provider\n"
        "for name in ('one', 'two'):\n"
        "    provider = Provider(name, region='eu-central-1', default_tags={'tags': {'owner': name}})\n"
        "    group = LogGroup(name, name=f'/tags/{name}', opts=pulumi.ResourceOptions(provider=provider))\n"
        "    pulumi.export(name, group.tags_all)\n"
    )
    project.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    outputs = json.loads(project.pulumi("stack", "output", "--json", "--stack", "dev"))
    assert outputs == {"one": {"owner": "one"}, "two": {"owner": "two"}}
    assert "0 created" not in project.pulumi("refresh", "--yes", "--skip-preview", "--stack", "dev")


def test_program_output_and_traceback(project: Project) -> None:
    """What a program prints is shown; its own mistake ends with its own traceback."""
    project.write("print('hello from the program')\nraise ValueError('a mistake')\n")
    shown = project.pulumi("preview", "--stack", "dev", check=False)
    assert "hello from the program" in shown
    assert "ValueError: a mistake" in shown
    assert "__main__.py" in shown
    assert "language_exec" not in shown
    assert "runpy" not in shown


def test_interrupted_up_goes_on(project: Project) -> None:
    """Ctrl-C during an `up` saves what is made; the next `up` finishes, on the same provider process."""
    project.write(
        "from pulumi_aws.ec2.subnet import Subnet\n"
        "from pulumi_aws.ec2.vpc import Vpc\n"
        "from pulumi_aws.s3.bucket import Bucket\n"
        "Bucket('quick', bucket='interrupted-quick')\n"
        "vpc = Vpc('slow', cidr_block='10.9.0.0/16')\n"
        "Subnet('later', vpc_id=vpc.id, cidr_block='10.9.1.0/24')\n"
    )
    running = project.begin("up", "--yes", "--skip-preview", "--stack", "dev")
    assert running.stdout is not None
    for line in running.stdout:
        if "quick created" in line:
            break
    running.send_signal(signal.SIGINT)
    rest, _ = running.communicate(timeout=_TIMEOUT_S)
    assert running.returncode != 0, rest
    assert "quick" in project.pulumi("stack", "--stack", "dev")
    project.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    assert "4 unchanged" in project.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")


def test_users_stack_file_stays_as_it_is(world: World) -> None:
    """Pulumi's salt goes into a copy: no operation in the shell changes the user's stack file."""
    images = dict.fromkeys(("ingest", "training", "inference"), f"sha256:{'0' * 64}")
    world.release_manifest.write_text(json.dumps({"images": images}))
    before = _STACK_FILE.read_bytes()
    result = stack.run(world, "preview")
    assert result.changes["create"] > 50
    assert result.changed == result.changes["create"]
    assert _STACK_FILE.read_bytes() == before


def test_failed_operation_names_the_first_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is the cause, not the engine's summary of it."""
    real = shell.environment

    def without_release(where: World) -> dict[str, str]:
        return {**real(where), "GROUNDPLAN_RELEASE": "/nonexistent.json"}

    monkeypatch.setattr(shell, "environment", without_release)
    with pytest.raises(GroundplanError, match=r"nonexistent\.json"):
        stack.run(world, "preview")
