"""The language host as the engine meets it: a process that prints its port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from groundplan.rehearsal.providers import language_host, warm_child, warm_interpreter, warm_request
from groundplan.rehearsal.world import PROJECT_ROOT

_TIMEOUT_S = 30
_HOST = [sys.executable, "-ISu", warm_request.__file__, "-m", language_host.__name__, "127.0.0.1:1"]
"""As the engine starts it: in a copy of the warm interpreter where there is one."""


@pytest.fixture
def interpreter(tmp_path: Path) -> Generator[subprocess.Popen[bytes]]:
    """A warm interpreter, which must be there until the end."""
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / "warm.sock"
    options = ["--socket", str(path), "--modules", str(tmp_path / "run" / "modules.json")]
    with subprocess.Popen([sys.executable, "-u", warm_interpreter.__file__, *options]) as server:
        while not path.exists():
            assert server.poll() is None
            time.sleep(0.01)
        yield server
        assert server.poll() is None
        server.terminate()


@pytest.fixture
def warm(interpreter: subprocess.Popen[bytes], tmp_path: Path) -> dict[str, str]:
    """The variable that names the warm interpreter."""
    del interpreter
    return {warm_request.SOCKET: str(tmp_path / "run" / "warm.sock")}


@pytest.fixture(params=["cold", "warm"])
def variables(request: pytest.FixtureRequest) -> dict[str, str]:
    """Of the host: without a warm interpreter, and with one."""
    return request.getfixturevalue("warm") if request.param == "warm" else {}


@pytest.fixture
def process(variables: dict[str, str]) -> Generator[subprocess.Popen[str]]:
    """The host's process, with the pipes that the engine gives it."""
    child = subprocess.Popen(
        _HOST,
        cwd=PROJECT_ROOT,
        env={**os.environ, **variables},
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
    pack.mkdir(exist_ok=True)
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
    tmp_path: Path, variables: dict[str, str], words: tuple[str, ...], *, sent: bool
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
        env={**os.environ, **variables, language_host.NO_DEBUG: "true"},
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


@pytest.fixture
def warm_host(warm: dict[str, str]) -> Generator[subprocess.Popen[str]]:
    """A host that has a warm interpreter."""
    with subprocess.Popen(
        _HOST,
        cwd=PROJECT_ROOT,
        env={**os.environ, **warm},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        yield child
        child.kill()


def _written(process: subprocess.Popen[str], request: language_pb2.RunPluginRequest) -> list[str]:
    """The lines of a pack that a host ran; the host stays."""
    address = getattr(process, "address", None)
    if address is None:
        assert process.stdout is not None
        address = f"127.0.0.1:{int(process.stdout.readline())}"
        vars(process)["address"] = address
    with grpc.insecure_channel(address) as channel:
        stub = language_pb2_grpc.LanguageRuntimeStub(channel)
        answers = list(stub.RunPlugin(request, timeout=_TIMEOUT_S))
    return b"".join(answer.stdout for answer in answers).decode().splitlines()


def test_a_second_run_has_what_the_first_imported(warm_host: subprocess.Popen[str], tmp_path: Path) -> None:
    """Modules of the environment stay; the pack's own are as they are now."""
    pack = tmp_path / "pack"
    program = "import sys\nprint('colorsys' in sys.modules)\nimport colorsys, mine\nprint(mine.SAYS)\n"
    request = _request(pack, program)
    (pack / "mine.py").write_text("SAYS = 'one'\n")
    assert _written(warm_host, request) == ["False", "one"]
    (pack / "mine.py").write_text("SAYS = 'another'\n")
    assert _written(warm_host, request) == ["True", "another"]


NESTED = """
import asyncio, grpc
from pulumi.runtime.sync_await import _sync_await

async def answer():
    await asyncio.sleep(0)
    return "answered"

async def main():
    print(_sync_await(answer()))

asyncio.run(main())
"""


def test_imports_are_done_in_the_order_of_the_first_run(
    warm_host: subprocess.Popen[str], tmp_path: Path
) -> None:
    """Asyncio is two halves, in C and in Python, if its C part comes first; nested loops need it whole."""
    request = _request(tmp_path / "pack", NESTED)
    assert [_written(warm_host, request) for _ in range(3)] == [["answered"]] * 3


def test_a_run_has_nothing_but_its_own_variables(warm_host: subprocess.Popen[str], tmp_path: Path) -> None:
    """Its environment, folder and words are those it was given."""
    program = "import os, sys\nprint(sorted(os.environ))\nprint(os.getcwd())\nprint(sys.argv[1:])\n"
    request = _request(tmp_path / "pack", program)
    request.env.extend(["ONE=1", "PATH=/bin"])
    names, folder, _ = _written(warm_host, request)
    assert names == "['ONE', 'PATH']"
    assert folder == str(tmp_path / "pack")


def test_a_program_ends_with_the_host_that_asked_for_it(
    warm_host: subprocess.Popen[str], tmp_path: Path
) -> None:
    """Nobody is left to talk to it."""
    program = "import os, signal\nprint(os.getpid())\nsignal.pause()\n"
    assert warm_host.stdout is not None
    with grpc.insecure_channel(f"127.0.0.1:{int(warm_host.stdout.readline())}") as channel:
        stub = language_pb2_grpc.LanguageRuntimeStub(channel)
        answers = stub.RunPlugin(_request(tmp_path / "pack", program), timeout=_TIMEOUT_S)
        pid = int(next(answers).stdout)
        warm_host.kill()
        deadline = time.monotonic() + _TIMEOUT_S
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.parametrize(("program", "code"), [("raise SystemExit(3)", 3), ("import not_there", 1)])
def test_a_host_that_fails_leaves_nobody_waiting(
    variables: dict[str, str], tmp_path: Path, program: str, code: int
) -> None:
    """Its exit code comes through, its streams are closed, and what went wrong is on standard error."""
    (tmp_path / "host.py").write_text(f"print('one line')\n{program}\n")
    done = subprocess.run(
        [*_HOST[:3], str(tmp_path / "host.py")],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, "one line\n")
    assert ("not_there" in done.stderr) == ("not_there" in program)


def _start(socket_path: str, program: Path) -> tuple[IO[bytes], int]:
    request = {"argv": [str(program)], "cwd": "/", "env": dict(os.environ), "lean": None}
    asked = warm_request.ask(socket_path, request, (0, 1, 2))
    assert asked is not None
    return asked


def test_who_asks_and_what_was_asked_for_may_end_at_once(
    interpreter: subprocess.Popen[bytes], warm: dict[str, str], tmp_path: Path
) -> None:
    """The interpreter hears of both in one breath, and goes on."""
    program = tmp_path / "waits.py"
    program.write_text("import signal\nsignal.pause()\n")
    path = warm[warm_request.SOCKET]
    connection, pid = _start(path, program)
    interpreter.send_signal(signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    connection.close()
    interpreter.send_signal(signal.SIGCONT)
    program.write_text("")
    connection, _ = _start(path, program)
    assert connection.readline() == b"0\n"
    connection.close()


def test_who_asks_may_be_gone_before_the_answer(
    interpreter: subprocess.Popen[bytes], warm: dict[str, str], tmp_path: Path
) -> None:
    """Its request is nobody's, and the next one is answered."""
    program = tmp_path / "host.py"
    program.write_text("")
    path = warm[warm_request.SOCKET]
    interpreter.send_signal(signal.SIGSTOP)
    asking = subprocess.Popen(
        [*_HOST[:3], str(program)], env={**os.environ, **warm}, stdin=subprocess.DEVNULL
    )
    time.sleep(0.5)  # until it waits for the answer
    asking.kill()
    asking.wait()
    interpreter.send_signal(signal.SIGCONT)
    connection, _ = _start(path, program)
    assert connection.readline() == b"0\n"
    connection.close()


def test_both_ends_speak_the_same() -> None:
    """What the two files say of requests, of which neither can import the other."""
    said = [(side.LENGTH_BYTES, side.COLD) for side in (warm_interpreter, warm_request)]
    assert said[0] == said[1]


def test_a_program_with_other_imports_starts_by_itself(
    warm: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One whose SDKs are as they are, where the warm ones are kept small."""
    monkeypatch.setenv(warm_request.SOCKET, warm[warm_request.SOCKET])
    words = [sys.executable, "-u", "-m", "this"]
    options = {"cwd": str(tmp_path), "env": dict(os.environ), "piped": True}
    assert warm_child.start(words, **options, lean="another") is None
    child = warm_child.start(words, **options, lean=None)
    assert child is not None
    assert child.stdout is not None
    assert b"Namespaces" in child.stdout.read()
    assert child.wait(_TIMEOUT_S) == 0
    assert warm_child.start(["/usr/bin/python3", *words[1:]], **options, lean=None) is None
