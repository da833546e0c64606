"""The shell of a rehearsal: variables and files with which plain `pulumi`, `kubectl` and `aws` work on it.

Everything that Pulumi keeps (home, state, passphrase) lies in `world.data/pulumi` and goes with the world.

`world.bin/pulumi` is a script of five lines, for one reason: Pulumi writes the salt of its passphrase
secrets into the stack file, and the user's stack file must not change because of a rehearsal. So the script
copies the stack file as it is now, with the rehearsal's salt in the place of its own salt or key, names the
copy by `PULUMI_OPTION_CONFIG_FILE` (what `--config-file` reads), and hands over to the real CLI.
`GROUNDPLAN_STACK_FILE` names another file in its place, to rehearse settings before they are written.
`pulumi config` alone works on the user's file, as it is meant to.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal import processes
from groundplan.rehearsal.providers import grpc_server, language_host, warm_request
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import PROJECT_ROOT, World, cache_folder

PROVIDERS = {"aws": "aws-provider", "kubernetes": "kubernetes-provider"}
"""Pulumi package to the engine that serves it."""

TOOLS = ("pulumi", "kubectl")
"""Tools that the shell itself offers, beside those of the engines."""

_PARALLEL = "64"
"""Resources at work at a time: nearly all of them wait, so the number of CPUs does not matter."""

SPEED = {
    # The state is on this disk and checkpoints stay on; only the copy beside each of them is left out.
    "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
    "PULUMI_PARALLEL_DIFF": "true",
    "PULUMI_PARALLEL": _PARALLEL,
    language_host.NO_DEBUG: "true",
    # Go's: an engine that lives for seconds need not look for garbage often.
    "GOGC": "400",
    **grpc_server.VARIABLES,
}
"""What makes Pulumi faster than its defaults do; all else works without it."""


def environment(world: World) -> dict[str, str]:
    """All variables of the shell; writes the files that they name if they are not there yet.

    Raises:
        GroundplanError: the engines do not run, a tool is missing, or the stack cannot be created.
    """
    home = world.engine_data("pulumi")
    variables = {
        **_of_aws(world),
        **_of_pulumi(world, home),
        "PATH": f"{world.bin}:{os.environ.get('PATH', os.defpath)}",
        "HOME": str(Path.home()),
        "KUBECONFIG": str(home / "kubeconfig"),
        "GROUNDPLAN_RELEASE": str(world.release_manifest),
        # Without bytecode each run of Pulumi compiles pulumi-aws anew: three seconds.
        "PYTHONDONTWRITEBYTECODE": "",
    }
    if not (home / "prepared").exists():
        _prepare(world, home, {**variables, processes.MARKER: world.id})
    return variables


def child_environment(world: World) -> dict[str, str]:
    """The same for what the rehearsal itself runs: marked, so that it is found and ended with the rehearsal.

    A person's shell is not marked: what they start in it is theirs.
    """
    return {**environment(world), processes.MARKER: world.id}


def session_of(credentials: Path) -> dict[str, str]:
    """The variables of a session, from the file that the emulator wrote.

    Raises:
        FileNotFoundError: it has not.
    """
    found = json.loads(credentials.read_text())
    return {
        "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
        "AWS_SESSION_TOKEN": found["SessionToken"],
    }


def _of_aws(world: World) -> dict[str, str]:
    home = world.engine_data("pulumi")
    try:
        session = session_of(world.credentials)
    except FileNotFoundError as error:
        raise _not_running(world, "emulator") from error
    return {
        "AWS_ENDPOINT_URL": world.aws_endpoint_url,
        "AWS_CA_BUNDLE": str(world.certificate_authority),
        "AWS_REGION": world.region,
        "AWS_DEFAULT_REGION": world.region,
        **session,
        # Files of our own: no profile of the user's real accounts can come into play.
        "AWS_CONFIG_FILE": str(home / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws-credentials"),
        "AWS_PROFILE": "default",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def _of_pulumi(world: World, home: Path) -> dict[str, str]:
    ports = {
        package: grpc_server.listening_port(world.run / f"{engine}.port")
        for package, engine in PROVIDERS.items()
    }
    for package, port in ports.items():
        if port is None:
            raise _not_running(world, PROVIDERS[package])
    return {
        "PULUMI_HOME": str(home / "home"),
        "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(home / "passphrase"),
        "PULUMI_DEBUG_PROVIDERS": ",".join(f"{package}:{port}" for package, port in ports.items()),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
        **SPEED,
        warm_request.SOCKET: str(world.warm_socket),
    }


def _prepare(world: World, home: Path, variables: dict[str, str]) -> None:
    """Write what the variables name, and create the stack."""
    for folder in (home / "bin", home / "home", home / "state", home / "project", world.bin):
        folder.mkdir(parents=True, exist_ok=True)
    # A file in the place of the folder for automatic logs: the CLI goes on without them, a third less CPU.
    (home / "home" / "logs").touch()
    _write_private(home / "passphrase", secrets.token_urlsafe(32))
    (home / "aws-config").write_text(f"[default]\nregion = {world.region}\n")
    (home / "aws-credentials").write_text("")
    (home / "kubeconfig").write_text(yaml.safe_dump(_kubeconfig(world)))
    toolbox = Toolbox(cache_folder(), lambda _: None)
    _install_pulumi(toolbox, home)
    _create_stack(world, home, variables)
    _write_script(world.bin / "pulumi", pulumi_script(world, home))
    _link(world.bin / "kubectl", toolbox.obtain("kubectl"))
    for name in ("aws", "groundplan"):
        program = Path(sys.executable).with_name(name)
        if program.exists():
            _link(world.bin / name, program)
    # A link to the interpreter of a virtual environment would not find that environment.
    _write_script(world.bin / "python", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    _pulumi([str(world.bin / "pulumi"), "stack", "select", world.environment], PROJECT_ROOT, variables)
    (home / "prepared").touch()


def _install_pulumi(toolbox: Toolbox, home: Path) -> None:
    """CLI and language host in one folder: the engine takes the host that lies beside its own real file."""
    target = home / "bin" / "pulumi"
    target.unlink(missing_ok=True)
    program = toolbox.obtain("pulumi").resolve()
    try:
        target.hardlink_to(program)
    except OSError:  # another file system
        shutil.copy2(program, target)
    host = home / "bin" / "language_host.py"
    host.write_text(
        "import sys\n"
        f"sys.path[0] = {str(PROJECT_ROOT)!r}\n"
        f"from {language_host.__name__} import main\n"
        "main()\n"
    )
    words = shlex.join([sys.executable, "-ISu", str(warm_request.__file__), str(host)])
    _write_script(
        home / "bin" / "pulumi-language-python",
        # Ctrl-C reaches the whole process group: the engine decides what happens.
        f"#!/bin/sh\ntrap '' INT\nexec {words} \"$@\"\n",
    )


def _create_stack(world: World, home: Path, variables: dict[str, str]) -> None:
    """Create the stack from a project of the same name elsewhere: its stack file gets the salt."""
    name = yaml.safe_load((PROJECT_ROOT / "Pulumi.yaml").read_text())["name"]
    (home / "project" / "Pulumi.yaml").write_text(yaml.safe_dump({"name": name, "runtime": "python"}))
    if not salted(world).exists():
        pulumi = str(home / "bin" / "pulumi")
        _pulumi([pulumi, "stack", "init", world.environment], home / "project", variables)


def pulumi_script(world: World, home: Path) -> str:
    """The text of `world.bin/pulumi`; `home` is the folder of all that Pulumi keeps."""
    stack_file = PROJECT_ROOT / "stacks" / f"Pulumi.{world.environment}.yaml"
    copy = home / stack_file.name
    quoted = {
        "source": shlex.quote(str(stack_file)),
        "salted": shlex.quote(str(salted(world))),
        "copy": shlex.quote(str(copy)),
        "pulumi": shlex.quote(str(home / "bin" / "pulumi")),
    }
    return (
        "#!/bin/sh\n"
        "# Pulumi for this rehearsal, with a copy of the stack file; see groundplan/rehearsal/shell.py.\n"
        'if [ "${{1-}}" != config ]; then\n'
        "  stack_file=${{GROUNDPLAN_STACK_FILE:-}}\n"
        '  [ -n "$stack_file" ] || stack_file={source}\n'
        "  {{ sed -E '/^(encryptionsalt|encryptedkey|secretsprovider):/d' \"$stack_file\" && echo"
        " && cat {salted}; }} > {copy}.$$ || exit 2\n"
        "  mv {copy}.$$ {copy}\n"
        "  export PULUMI_OPTION_CONFIG_FILE={copy}\n"
        "fi\n"
        'exec {pulumi} "$@"\n'
    ).format(**quoted)


def salted(world: World) -> Path:
    """The stack file that holds nothing but the salt of the rehearsal's secrets."""
    return world.engine_data("pulumi") / "project" / f"Pulumi.{world.environment}.yaml"


def _kubeconfig(world: World) -> dict[str, object]:
    """Log in as AWS identity, as `aws eks update-kubeconfig` writes it."""
    cluster = f"groundplan-{world.environment}"
    login = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["eks", "get-token", "--output", "json", "--cluster-name", cluster, "--region", world.region],
        "interactiveMode": "Never",
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": cluster,
                "cluster": {
                    "server": world.api_server_url,
                    "certificate-authority": str(world.pki / "ca.crt"),
                },
            }
        ],
        "users": [{"name": "aws", "user": {"exec": login}}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": "aws"}}],
        "current-context": cluster,
    }


def _pulumi(argv: list[str], cwd: Path, variables: dict[str, str]) -> None:
    done = subprocess.run(argv, cwd=cwd, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise GroundplanError(
            f"`pulumi {shlex.join(argv[1:])}` failed while the shell was prepared.",
            log=done.stderr or done.stdout,
            exit_code=ExitCode.NO_STACK,
        )


def _write_script(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    file.write_text(text)
    file.chmod(0o755)


def _write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600, exist_ok=True)
    if not file.read_text():
        file.write_text(text)


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _not_running(world: World, engine: str) -> GroundplanError:
    return GroundplanError(
        f"The engine {engine} of the rehearsal {world.id!r} does not run.",
        hint=f"Start it: groundplan rehearse run {world.environment} --id {world.id} --until engines",
        exit_code=ExitCode.NO_STACK,
    )
