"""Exported graphs at work, in OpenVINO on the processor.

Compiled for a shape at a time, one thread an inference, so that the output depends neither on the machine's load nor on how many
codecs run beside it. The weights come from the model's safetensors file, to which the graphs refer.
"""

from __future__ import annotations

import os
import sys
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from simnet.errors import ModelError

if TYPE_CHECKING:
    from simnet.codec.model import Model

HALF_GRAPHS, HALF_CODECS = ("fuse",), ("lowres",)
"""What may run in bfloat16 where the processor has it (twice as fast); all else runs in float32.

Fusion corrects a picture that synthesis made, so its rounding is not seen (82 dB between the two where measured, PSNR equal to
0.001 dB). The networks of `lowres` decide no table, and learn in bfloat16: 0.2 % more bytes, 0.02 dB less at the best quality.
The analysis of the other codecs would change 1.3 % of the symbols.
"""

_LOCAL = threading.local()


@lru_cache(maxsize=1)
def _core() -> Any:
    # OpenVINO tells its makers of every import, from a process that it forks. OpenBLAS ends its threads at a fork, and whoever is
    # just multiplying matrices in another thread (a world that is being built) then waits for them for ever. Where the package
    # that reports is missing, OpenVINO reports nothing.
    sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]
    import openvino

    return openvino.Core()


@lru_cache(maxsize=64)
def compiled(model: Model, graph: str, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """A graph compiled for inputs of these shapes, shared by every codec of the process."""
    network = _core().read_model(str(model.folder / f"{graph}.onnx"))
    network.reshape({port: list(shape) for port, shape in zip(network.inputs, shapes, strict=True)})
    cores = os.cpu_count() or 1
    settings = {
        "INFERENCE_NUM_THREADS": cores,
        "NUM_STREAMS": cores,
        "INFERENCE_PRECISION_HINT": "bf16" if graph in HALF_GRAPHS or model.codec in HALF_CODECS else "f32",
        "ENABLE_CPU_PINNING": False,
    }
    return _core().compile_model(network, "CPU", settings)


def run(model: Model, graph: str, *inputs: np.ndarray, output: int = 0) -> np.ndarray:
    """Run a graph on float32 tensors, for one of its outputs; safe to call from several threads at once.

    Raises:
        ModelError: The graph was exported without that output.
    """
    request = _request(model, graph, inputs)
    if output >= len(request.model_outputs):
        raise ModelError(
            f"model {model.name}: its graph {graph} has no output {output}; expected one exported by this version"
        )
    return request.infer([np.ascontiguousarray(item) for item in inputs])[output].copy()


def outputs(model: Model, graph: str, *inputs: np.ndarray) -> list[np.ndarray]:
    """Run a graph on float32 tensors, for all of its outputs; safe to call from several threads at once."""
    found = _request(model, graph, inputs).infer([np.ascontiguousarray(item) for item in inputs])
    return [found[i].copy() for i in range(len(found))]


def _request(model: Model, graph: str, inputs: tuple[np.ndarray, ...]) -> Any:
    """This thread's own request of a graph for inputs of these shapes."""
    shapes = tuple(item.shape for item in inputs)
    requests = _LOCAL.__dict__.setdefault("requests", {})
    key = (model.digest, graph, shapes)
    if key not in requests:
        requests[key] = compiled(model, graph, shapes).create_infer_request()
    return requests[key]
