"""Ask a served model from outside the cluster, over HTTP and gRPC, and time each answer.

By hand: `python -m groundplan.rehearsal.scenario.load http 10.199.0.2:8000 digits holdout.npz`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
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


def save_rows(file: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Write rows to ask about, for `main`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, images=images, labels=labels)


def main() -> int:
    """Ask about every row of a file and print accuracy, latencies and rate as JSON."""
    parser = argparse.ArgumentParser(prog="python -m groundplan.rehearsal.scenario.load")
    parser.add_argument("protocol", choices=("http", "grpc"))
    parser.add_argument("address", help="host:port of the endpoint")
    parser.add_argument("model")
    parser.add_argument("rows", type=Path, help="file of the arrays `images` and `labels` (.npz)")
    parser.add_argument("--rounds", type=int, default=1, help="how often each row is asked about")
    options = parser.parse_args()
    with np.load(options.rows) as rows:
        images, labels = rows["images"], rows["labels"]
    answers = ask(options.protocol, options.address, options.model, np.concatenate([images] * options.rounds))
    right = answers.probabilities.argmax(axis=1) == np.concatenate([labels] * options.rounds)
    figures = {
        "accuracy": float(right.mean()),
        "p50_ms": round(answers.percentile_ms(50), 2),
        "p99_ms": round(answers.percentile_ms(99), 2),
        "requests_per_s": round(answers.requests_per_s, 1),
    }
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
