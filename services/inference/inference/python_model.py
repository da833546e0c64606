"""Runs inside Triton's Python backend: one ONNX Runtime session, all requests of a batch in one run.

Tensors pass by DLPack: the backend knows the memory layout of NumPy 1 only, arrays of NumPy 2 arrive empty.
Copied into each version's folder as `model.py`; it stands alone, for it is loaded outside of this package.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

# The backend's interpreter is isolated and ignores PYTHONPATH, which names the packages of the image.
sys.path.extend(os.environ.get("PYTHONPATH", "").split(os.pathsep))

import numpy as np
import onnxruntime
import triton_python_backend_utils as pb_utils  # ty: ignore[import-not-found] - inside Triton only


class _Lent:
    """An array whose memory the backend takes over; it then frees it."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __dlpack__(self, **_: object) -> object:
        """Return the array as a capsule.

        The backend marks a taken capsule by a name that NumPy does not know, so NumPy's own clean-up, which
        has nothing to do then, would print an error for every tensor: it is switched off.
        """
        capsule = self._array.__dlpack__()
        ctypes.pythonapi.PyCapsule_SetDestructor(ctypes.py_object(capsule), None)
        return capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return where the memory is."""
        return self._array.__dlpack_device__()


class TritonPythonModel:
    """The interface that the backend calls."""

    def initialize(self, args: dict[str, str]) -> None:
        """Open the model that lies beside this file."""
        config = json.loads(args["model_config"])
        self._inputs = [tensor["name"] for tensor in config["input"]]
        self._outputs = [tensor["name"] for tensor in config["output"]]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        path = Path(args["model_repository"]) / args["model_version"] / "model.onnx"
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer all requests with one run: rows are joined, and the results split again."""
        tensors = [
            [np.from_dlpack(pb_utils.get_input_tensor_by_name(r, name)) for name in self._inputs]
            for r in requests
        ]
        joined = {name: np.concatenate([t[i] for t in tensors]) for i, name in enumerate(self._inputs)}
        results = self._session.run(self._outputs, joined)
        ends = np.cumsum([len(t[0]) for t in tensors])[:-1].tolist()
        split = [np.split(np.asarray(result), ends) for result in results]
        return [self._response([parts[i] for parts in split]) for i in range(len(requests))]

    def _response(self, arrays: list[np.ndarray]) -> Any:
        named = zip(self._outputs, arrays, strict=True)
        return pb_utils.InferenceResponse(
            output_tensors=[pb_utils.Tensor.from_dlpack(name, _Lent(array)) for name, array in named]
        )
