"""The real tritonserver on this machine: the wheel of the Triton base image, laid out for this Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from groundplan.errors import GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT, cache_folder

PIN = PROJECT_ROOT / "groundplan" / "rehearsal" / "images" / "bases" / "triton" / "requirements.txt"
_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
_PINNED = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", str(PIN))


def lay_out(folder: Path) -> Path:
    """Unpack Triton below `folder`, which is empty, and return what TRITON_HOME is to be (150 MB).

    The wheel is kept in the user's cache; pip checks its hash each time.

    Raises:
        GroundplanError: this Python has no shared library, which Triton's Python backend embeds.
    """
    library = _libpython()
    _run(
        "install", "--no-compile", "--no-index", "--find-links", str(_wheel_folder()), "--target", str(folder)
    )
    home = folder / "pytriton" / "tritonserver"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stub = "triton_python_backend_stub"
    shutil.copy(home / "python_backend_stubs" / version / stub, home / "backends" / "python" / stub)
    for program in (home / "bin" / "tritonserver", home / "backends" / "python" / stub):
        program.chmod(0o755)
    # The wheel's programs look here first, for libpython by the name that the wheel gave it, else by its own.
    libraries = folder / "nvidia_pytriton.libs"
    bundled = next(libraries.glob(f"libpython*.{sys.version_info.minor}.so.*"), libraries / library.name)
    bundled.unlink(missing_ok=True)
    bundled.symlink_to(library)
    return home


def _wheel_folder() -> Path:
    kept = cache_folder() / "tools" / PIN.read_text(encoding="utf-8").split()[0].replace("==", "-")
    if not any(kept.glob("*.whl")):
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            _run("download", "--dest", folder)
            kept.mkdir(exist_ok=True)
            for wheel in Path(folder).iterdir():
                wheel.replace(kept / wheel.name)
    return kept


def _libpython() -> Path:
    library = Path(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME"))
    if not library.is_file():
        raise GroundplanError(
            f"Triton's Python backend embeds {library}, which this machine lacks.",
            hint=f"On Debian: apt-get install {library.name.split('.so')[0]}",
        )
    return library


def _run(command: str, *options: str) -> None:
    done = subprocess.run([*_PIP, command, *_PINNED, *options], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise GroundplanError(f"pip {command} of {PIN} failed.", log=done.stderr)
