"""Which of Triton's backends runs the model here, and what it needs beside the ONNX file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from groundplan_common.errors import ServiceError

ARTEFACT = "model.onnx"
_PYTHON_MODEL = Path(__file__).with_name("python_model.py")
_GPU_DEVICE = Path("/dev/nvidiactl")


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A backend: its name, and files it wants in a version's folder (name there -> source)."""

    name: str
    files: dict[str, Path]


_PREFERRED = (
    Backend(name="onnxruntime", files={}),
    Backend(name="python", files={"model.py": _PYTHON_MODEL}),
)


def choose(triton_home: Path) -> Backend:
    """Return the best backend that is installed.

    Raises:
        ServiceError: none of those that can run ONNX is there.
    """
    folder = triton_home / "backends"
    for backend in _PREFERRED:
        if (folder / backend.name).is_dir():
            return backend
    wanted = " or ".join(backend.name for backend in _PREFERRED)
    raise ServiceError(
        f"{folder} holds no backend for ONNX models.", hint=f"Set TRITON_HOME; needed is {wanted}."
    )


def has_gpu() -> bool:
    """Tell whether a GPU is visible in this container."""
    return _GPU_DEVICE.exists()
