"""The language host as the engine meets it: a process that prints its port."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from groundplan.rehearsal.providers import language_host
from groundplan.rehearsal.world import PROJECT_ROOT

_TIMEOUT_S = 30
_HOST = [sys.executable, "-u", "-m", language_host.__name__, "127.0.0.1:1"]


@pytest.fixture
def process() -> Generator[subprocess.Popen[str]]:
    """The host's process, with the pipes that the engine gives it."""
    child = subprocess.Popen(
        _HOST,
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield child
    child.kill()
    child.wait()


@pytest.fixture
def host(process: subprocess.Popen[str]) -> Generator[language_pb2_grpc.LanguageRuntimeStub]:
    """A connection to it."""
    assert process.stdout is not None
    port = int(process.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield language_pb2_grpc.LanguageRuntimeStub(channel)


def _request(pack: Path, program: str, **options: str) -> language_pb2.RunPluginRequest:
    pack.mkdir()
    (pack / "__main__.py").write_text(program)
    info = language_pb2.ProgramInfo(root_directory=str(pack), program_directory=str(pack), entry_point=".")
    info.options.update(options)
    return language_pb2.RunPluginRequest(pwd=str(pack), args=["127.0.0.1:1"], info=info, kind="analyzer")


def test_policy_pack_output_is_streamed(host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path) -> None:
    """Both streams and the exit code come through, as they are written."""
    program = "import sys\nprint('port 42')\nprint('note', file=sys.stderr)\nsys.exit(3)\n"
    answers = list(host.RunPlugin(_request(tmp_path / "pack", program), timeout=_TIMEOUT_S))
    assert b"".join(answer.stdout for answer in answers) == b"port 42\n"
    assert b"".join(answer.stderr for answer in answers) == b"note\n"
    assert answers[-1].exitcode == 3


def test_cancel_ends_what_runs(
    process: subprocess.Popen[str], host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path
) -> None:
    """A pack that would serve for ever ends when the engine cancels, and the host after it, by itself."""
    program = "import signal\nprint('up')\nsignal.pause()\n"
    answers = host.RunPlugin(_request(tmp_path / "pack", program), timeout=_TIMEOUT_S)
    assert next(answers).stdout.startswith(b"up")
    host.Cancel(empty_pb2.Empty(), timeout=_TIMEOUT_S)
    assert list(answers)[-1].exitcode < 0
    assert process.wait(_TIMEOUT_S) == 0


def test_other_plugins_are_refused(host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path) -> None:
    """The host says what it does not do."""
    request = _request(tmp_path / "pack", "")
    request.kind = "resource"
    with pytest.raises(grpc.RpcError) as failure:
        list(host.RunPlugin(request, timeout=_TIMEOUT_S))
    assert isinstance(failure.value, grpc.Call)
    assert failure.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_virtualenv_option_names_the_interpreter(
    host: language_pb2_grpc.LanguageRuntimeStub, tmp_path: Path
) -> None:
    """The option is honoured, relative to the project; an environment that is not there is named."""
    info = language_pb2.ProgramInfo(root_directory=str(tmp_path), program_directory=str(tmp_path))
    info.options.update({"virtualenv": "environment"})
    answer = host.Run(language_pb2.RunRequest(pwd=str(tmp_path), info=info), timeout=_TIMEOUT_S)
    assert str(tmp_path / "environment" / "bin" / "python") in answer.error


@pytest.mark.parametrize(("words", "sent"), [((), False), (("--debug",), True), (("-d",), True)])
def test_debug_messages_go_to_an_engine_that_asked_for_them(
    tmp_path: Path, words: tuple[str, ...], *, sent: bool
) -> None:
    """The host reads the command line of the engine, played here by a process that starts the host."""
    python = tmp_path / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\n')
    python.chmod(0o755)
    engine = [sys.executable, "-c", f"import subprocess; subprocess.run({_HOST!r})", "preview", *words]
    with subprocess.Popen(
        engine,
        cwd=PROJECT_ROOT,
        env={**os.environ, language_host.NO_DEBUG: "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        info = language_pb2.ProgramInfo(root_directory=str(tmp_path), program_directory=str(tmp_path))
        info.options.update({"virtualenv": "environment"})
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            stub = language_pb2_grpc.LanguageRuntimeStub(channel)
            stub.Run(language_pb2.RunRequest(pwd=str(tmp_path), info=info), timeout=_TIMEOUT_S)
            stub.Cancel(empty_pb2.Empty(), timeout=_TIMEOUT_S)
    assert ("--no-debug" not in (tmp_path / "words").read_text()) == sent


def test_host_ends_with_its_engine(
    process: subprocess.Popen[str], host: language_pb2_grpc.LanguageRuntimeStub
) -> None:
    """An engine that was killed closes the host's standard input; the host leaves nothing behind."""
    host.GetPluginInfo(empty_pb2.Empty(), timeout=_TIMEOUT_S)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(_TIMEOUT_S) == 0
