"""Runs inside the inference image: starts Triton with a Python model, asks it once, prints the answer."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import time
import urllib.request

MODEL = """
import numpy
import onnxruntime
import triton_python_backend_utils as pb

class TritonPythonModel:
    def execute(self, requests):
        rows = [numpy.from_dlpack(pb.get_input_tensor_by_name(r, "X")) + numpy.float32(1) for r in requests]
        return [pb.InferenceResponse([pb.Tensor.from_dlpack("Y", row)]) for row in rows]
"""
CONFIG = """
name: "add" backend: "python" max_batch_size: 8
input [{name: "X" data_type: TYPE_FP32 dims: [-1]}]
output [{name: "Y" data_type: TYPE_FP32 dims: [-1]}]
instance_group [{kind: KIND_CPU count: 1}]
"""
URL = "http://127.0.0.1:18000/v2/models/add"

models = pathlib.Path("models")
(models / "add" / "1").mkdir(parents=True)
(models / "add" / "1" / "model.py").write_text(MODEL)
(models / "add" / "config.pbtxt").write_text(CONFIG)
home = pathlib.Path(os.environ["TRITON_HOME"])
command = [str(home / "bin" / "tritonserver"), f"--model-repository={models}"]
command += [
    f"--backend-directory={home / 'backends'}",
    "--http-port=18000",
    "--allow-grpc=0",
    "--allow-metrics=0",
]
with pathlib.Path("log").open("w") as log:
    server = subprocess.Popen(command, stdout=log, stderr=log)
deadline = time.monotonic() + 60
while True:
    try:
        urllib.request.urlopen(f"{URL}/ready").close()  # noqa: S310 - an address of ours
        break
    except OSError as error:
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(pathlib.Path("log").read_text()) from error
        time.sleep(0.1)
question = {"inputs": [{"name": "X", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}]}
with urllib.request.urlopen(f"{URL}/infer", json.dumps(question).encode()) as answer:  # noqa: S310 - as above
    print(json.load(answer)["outputs"][0]["data"])  # noqa: T201 - the test reads it
server.terminate()
server.wait(30)
