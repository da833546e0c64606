"""Tools: found where they are, built where they are not, with a real Go on a module of one file."""

from __future__ import annotations

import os
import subprocess
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from groundplan.errors import GroundplanError
from groundplan.rehearsal import worlds
from groundplan.rehearsal.toolchain import DebianTool, GoTool, TerraformProvider, Toolbox, mirror
from groundplan.rehearsal.toolchain.golang import find_go

SOURCE = """package main

import "os"

var version = "none"

func main() { os.Stdout.WriteString("hello " + version + "\\n") }
"""


@pytest.fixture
def hello(tmp_path: Path) -> GoTool:
    """A program of one file in a module of its own."""
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("module example.com/hello\n\ngo 1.25.0\n")
    (module / "main.go").write_text(SOURCE)
    return GoTool(
        name="groundplan-hello",
        version="1.2.3",
        module=str(module),
        package="example.com/hello",
        ldflags="-X main.version=1.2.3",
        version_args=("version",),
    )


def _toolbox(tmp_path: Path, tool: GoTool | DebianTool | TerraformProvider, lines: list[str]) -> Toolbox:
    return Toolbox(tmp_path / "cache", lines.append, tools={tool.name: tool})


def test_missing_program_is_built_once(tmp_path: Path, hello: GoTool) -> None:
    """The first call builds and says so, the second toolbox finds it in the cache."""
    lines: list[str] = []
    toolbox = _toolbox(tmp_path, hello, lines)
    assert toolbox.find(hello.name) is None
    program = toolbox.obtain(hello.name)
    assert subprocess.run([program], check=True, capture_output=True, text=True).stdout == "hello 1.2.3\n"
    assert any("building groundplan-hello 1.2.3" in line for line in lines)
    again: list[str] = []
    assert _toolbox(tmp_path, hello, again).obtain(hello.name) == program
    assert again == []


def test_two_builders_build_once(tmp_path: Path, hello: GoTool) -> None:
    """Who comes second waits for the first and takes its result."""
    lines: list[str] = []
    builders = [
        threading.Thread(target=lambda: _toolbox(tmp_path, hello, lines).obtain(hello.name)) for _ in range(2)
    ]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert sum(line.startswith("building") for line in lines) == 1


def test_failed_build_shows_the_compiler_and_leaves_nothing(tmp_path: Path, hello: GoTool) -> None:
    """The error ends with the compiler's words; no half-written program is in the cache."""
    Path(hello.module, "main.go").write_text("package main\n\nfunc main() { undefinedThing() }\n")
    with pytest.raises(GroundplanError, match="groundplan-hello") as failure:
        _toolbox(tmp_path, hello, []).obtain(hello.name)
    assert "undefinedThing" in (failure.value.log or "")
    assert [file for file in (tmp_path / "cache" / "tools").rglob("*") if file.is_file()] == []


GREETING = """package greeting
func Word() string { return "hello" }
"""
PATCH = """--- a/greeting.go
+++ b/greeting.go
@@ -1,2 +1,2 @@
 package greeting
-func Word() string { return "hello" }
+func Word() string { return "good morning" }
"""


@pytest.fixture
def patched(tmp_path: Path, hello: GoTool, monkeypatch: pytest.MonkeyPatch) -> GoTool:
    """The program with its word from another module, which a proxy has and we patch."""
    dependency, version = "example.com/greeting", "v1.0.0"
    proxy = tmp_path / "proxy" / dependency / "@v"
    proxy.mkdir(parents=True)
    (proxy / f"{version}.info").write_text(f'{{"Version": "{version}"}}')
    (proxy / f"{version}.mod").write_text(f"module {dependency}\n\ngo 1.25.0\n")
    with zipfile.ZipFile(proxy / f"{version}.zip", "w") as archive:
        archive.writestr(f"{dependency}@{version}/go.mod", f"module {dependency}\n\ngo 1.25.0\n")
        archive.writestr(f"{dependency}@{version}/greeting.go", GREETING)
    monkeypatch.setenv("GOPROXY", (tmp_path / "proxy").as_uri())
    monkeypatch.setenv("GOSUMDB", "off")
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
    monkeypatch.setenv("GOFLAGS", "-modcacherw")
    module = Path(hello.module)
    (module / "main.go").write_text(
        'package main\n\nimport (\n\t"os"\n\n\t"example.com/greeting"\n)\n\n'
        "func main() { os.Stdout.WriteString(greeting.Word()) }\n"
    )
    go = find_go(tmp_path / "cache") or "go"
    subprocess.run([go, "get", f"{dependency}@{version}"], cwd=module, check=True, capture_output=True)
    (module / "word.patch").write_text(PATCH)
    return replace(hello, requires=dependency, patches=("word.patch",))


def test_a_patched_module_is_built_in_an_edition_of_its_own(tmp_path: Path, patched: GoTool) -> None:
    """The patch is in the program; another patch is another program; no copy of a source stays."""
    program = _toolbox(tmp_path, patched, []).obtain(patched.name)
    assert subprocess.run([program], check=True, capture_output=True, text=True).stdout == "good morning"
    patch = Path(patched.module, *patched.patches)
    patch.write_text(PATCH.replace("good morning", "good evening"))
    other = _toolbox(tmp_path, patched, []).obtain(patched.name)
    assert subprocess.run([other], check=True, capture_output=True, text=True).stdout == "good evening"
    assert program.exists()
    kept = {file for file in (tmp_path / "cache" / "tools").rglob("*") if file.is_file()}
    assert kept == {program, other}


def test_a_patch_that_does_not_fit_is_named(tmp_path: Path, patched: GoTool) -> None:
    """After an upgrade of the module: git's words, and no program."""
    Path(patched.module, *patched.patches).write_text(PATCH.replace('"hello"', '"hi"'))
    with pytest.raises(GroundplanError, match="groundplan-hello") as failure:
        _toolbox(tmp_path, patched, []).obtain(patched.name)
    assert "greeting.go: patch does not apply" in (failure.value.log or "")
    assert [file for file in (tmp_path / "cache" / "tools").rglob("*") if file.is_file()] == []


@pytest.mark.parametrize(("printed", "used"), [("hello v1.2.3", True), ("hello v1.2.30", False)])
def test_program_on_path_counts_in_the_right_version_only(
    tmp_path: Path, hello: GoTool, monkeypatch: pytest.MonkeyPatch, printed: str, *, used: bool
) -> None:
    """PATH comes first, but only in the version that we need."""
    program = tmp_path / "bin" / hello.name
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho {printed}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    found = _toolbox(tmp_path, hello, []).find(hello.name)
    assert (found is not None and found.path == program) is used


@pytest.mark.parametrize("checkout", ["this", "another"])
def test_program_of_a_rehearsal_is_never_taken(
    tmp_path: Path, hello: GoTool, monkeypatch: pytest.MonkeyPatch, checkout: str
) -> None:
    """In a rehearsal's shell its own `pulumi` is first on PATH; no other may get that script."""
    world = tmp_path / "rehearsals" / "first"
    if checkout == "this":
        monkeypatch.setattr(worlds, "root", lambda: tmp_path / "rehearsals")
    program = world / "bin" / hello.name
    program.parent.mkdir(parents=True)
    if checkout == "another":
        (world / "world.json").write_text("{}")
    program.write_text("#!/bin/sh\necho hello v1.2.3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    assert _toolbox(tmp_path, hello, []).find(hello.name) is None


def test_missing_debian_program_names_its_package(tmp_path: Path) -> None:
    """The remedy is the command to type."""
    tool = DebianTool(name="no-such-program", package="no-such-package")
    with pytest.raises(GroundplanError, match="no-such-program") as failure:
        _toolbox(tmp_path, tool, []).obtain(tool.name)
    assert "apt-get install no-such-package" in (failure.value.hint or "")


def test_unknown_tool_names_the_known(tmp_path: Path, hello: GoTool) -> None:
    """A misspelt name is answered with the table."""
    with pytest.raises(GroundplanError, match=r"'helo'.*groundplan-hello"):
        _toolbox(tmp_path, hello, []).find("helo")


def _mirrored(root: Path, version: str) -> Path:
    folder = root / "registry.terraform.io" / "hashicorp" / "aws" / version / mirror.target_folder()
    folder.mkdir(parents=True)
    program = folder / f"terraform-provider-aws_v{version}_x5"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_newest_mirrored_provider_is_linked_under_its_plain_name(
    tmp_path: Path, hello: GoTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bridge wants a file called terraform-provider-aws; 5.100 is newer than 5.99."""
    _mirrored(tmp_path / "mirror", "5.99.1")
    newest = _mirrored(tmp_path / "mirror", "5.100.0")
    monkeypatch.setenv(mirror.VARIABLE, str(tmp_path / "mirror"))
    tool = TerraformProvider(name="terraform-provider-aws", source="hashicorp/aws", build=hello)
    found = _toolbox(tmp_path, tool, []).find(tool.name)
    assert found
    assert (found.path.name, found.version) == ("terraform-provider-aws", "5.100.0")
    assert found.path.resolve() == newest


def test_exact_build_wins_over_the_mirror(
    tmp_path: Path, hello: GoTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the exact version was built, it is used."""
    _mirrored(tmp_path / "mirror", "5.100.0")
    monkeypatch.setenv(mirror.VARIABLE, str(tmp_path / "mirror"))
    tool = TerraformProvider(name=hello.name, source="hashicorp/aws", build=hello)
    built = _toolbox(tmp_path, tool, []).build(tool.name)
    found = _toolbox(tmp_path, tool, []).find(tool.name)
    assert found
    assert (found.path, found.version, found.source) == (built, "1.2.3", "cache")
