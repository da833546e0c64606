"""Ask a served model from outside the cluster, over HTTP and gRPC, and time each answer."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http

INPUT, OUTPUT = "image", "probabilities"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a served model answered.

    Attributes:
        probabilities: [rows, 10].
        latencies_ms: one for each request, in the order of asking.
        seconds: wall time of all requests.
    """

    probabilities: np.ndarray
    latencies_ms: list[float]
    seconds: float

    @property
    def requests_per_s(self) -> float:
        """Requests answered per second, one after another."""
        return len(self.latencies_ms) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """Latency below which `percent` of the requests stay."""
        return float(np.percentile(self.latencies_ms, percent))


def ask(protocol: str, address: str, model: str, images: np.ndarray, version: str = "") -> Answers:
    """Send each image ([rows, 64], float32) as a request of its own.

    Args:
        protocol: `http` or `grpc`.
        address: host:port of the endpoint.
        model: name of the model.
        images: the rows to ask about.
        version: of the model; the served one if empty.
    """
    library: Any = triton_http if protocol == "http" else triton_grpc
    client = library.InferenceServerClient(address)
    try:
        return _ask_each(library, client, model, version, images)
    finally:
        client.close()


def _ask_each(library: Any, client: Any, model: str, version: str, images: Iterable[np.ndarray]) -> Answers:
    rows, latencies = [], []
    began = time.perf_counter()
    for image in images:
        tensor = library.InferInput(INPUT, [1, len(image)], "FP32")
        tensor.set_data_from_numpy(image.reshape(1, -1).astype(np.float32))
        asked = time.perf_counter()
        answer = client.infer(
            model, [tensor], model_version=version, outputs=[library.InferRequestedOutput(OUTPUT)]
        )
        latencies.append((time.perf_counter() - asked) * 1000)
        rows.append(answer.as_numpy(OUTPUT)[0])
    return Answers(probabilities=np.array(rows), latencies_ms=latencies, seconds=time.perf_counter() - began)
