"""The trained model as ONNX, with its signature."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from groundplan_common.dataset import CLASSES, PIXELS
from groundplan_common.registry import TensorSpec

from training.model import DigitsNet, ServedNet

FRAMEWORK = "onnx"
INPUTS = (TensorSpec(name="image", dtype="float32", shape=(-1, PIXELS)),)
OUTPUTS = (
    TensorSpec(name="probabilities", dtype="float32", shape=(-1, CLASSES)),
    TensorSpec(name="label", dtype="int64", shape=(-1, 1)),
)
_OPSET = 17  # understood by every ONNX Runtime since 1.12


def to_onnx(net: DigitsNet, path: Path) -> None:
    """Write `net` to `path` with a free batch dimension."""
    served = ServedNet(net).cpu().eval()
    names = [spec.name for spec in (*INPUTS, *OUTPUTS)]
    with warnings.catch_warnings():
        # The exporter by tracing is deprecated; the new one cannot be had with Debian's torch 2.6.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            served,
            (torch.zeros(2, PIXELS),),
            str(path),
            input_names=names[: len(INPUTS)],
            output_names=names[len(INPUTS) :],
            dynamic_axes={name: {0: "batch"} for name in names},
            opset_version=_OPSET,
            dynamo=False,
        )
