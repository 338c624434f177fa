"""Inference of exported graphs with OpenVINO on the CPU.

A graph is compiled for one shape at a time, with one thread per inference, so that the output depends neither on the machine's
load nor on the number of codecs that run in parallel. The graphs refer to the model's safetensors file for their weights.
"""

from __future__ import annotations

import sys
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from simnet import library_threads
from simnet.errors import ModelError

if TYPE_CHECKING:
    from simnet.codec.model import Model

HALF_GRAPHS, HALF_CODECS = ("fuse",), ("lowres",)
"""Graphs and codecs that run in bfloat16 if the processor supports it (twice as fast); all others run in float32.

Fusion corrects a picture that synthesis made, so its rounding is not visible (82 dB between the two in a measurement, PSNR equal
to 0.001 dB). The networks of `lowres` select no table and are trained in bfloat16: 0.2 % more bytes, 0.02 dB less at the best
quality. In bfloat16 the analysis of the other codecs would change 1.3 % of the symbols.
"""

_LOCAL = threading.local()
_OPENING = threading.Lock()


@lru_cache(maxsize=1)
def _opened_core() -> Any:
    # OpenVINO reports every import to its makers, from a process that it forks. OpenBLAS ends its threads at a fork, and a thread
    # that multiplies matrices at that moment (for example while a world is being built) then waits for them forever. If the
    # telemetry package is missing, OpenVINO reports nothing.
    sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]
    import openvino

    # The first view of a tensor sets up the library's picture of numpy. Two threads that do so at once wait for each other for
    # ever: one holds the library's lock and waits for Python's, the other the reverse. So one thread does it here.
    openvino.Tensor(openvino.Type.f32, [1]).data[:] = np.zeros(1, np.float32)
    return openvino.Core()


def _core() -> Any:
    with _OPENING:
        return _opened_core()


@lru_cache(maxsize=64)
def compiled(model: Model, graph: str, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """Compile a graph for inputs of these shapes; all codecs of the process share it."""
    network = _core().read_model(str(model.folder / f"{graph}.onnx"))
    network.reshape({port: list(shape) for port, shape in zip(network.inputs, shapes, strict=True)})
    settings = {
        **library_threads.openvino_settings(),
        "INFERENCE_PRECISION_HINT": "bf16" if graph in HALF_GRAPHS or model.codec in HALF_CODECS else "f32",
    }
    return _core().compile_model(network, "CPU", settings)


def run(model: Model, graph: str, *inputs: np.ndarray, output: int = 0) -> np.ndarray:
    """Run a graph on float32 tensors and return one of its outputs; several threads can call it at once.

    Raises:
        ModelError: The graph was exported without this output.
    """
    request = _request(model, graph, inputs)
    if output >= len(request.model_outputs):
        raise ModelError(
            f"model {model.name}: its graph {graph} has no output {output}; expected one exported by this version"
        )
    return request.infer([np.ascontiguousarray(item) for item in inputs])[output].copy()


def outputs(model: Model, graph: str, *inputs: np.ndarray) -> list[np.ndarray]:
    """Run a graph on float32 tensors and return all of its outputs; several threads can call it at once."""
    found = _request(model, graph, inputs).infer([np.ascontiguousarray(item) for item in inputs])
    return [found[i].copy() for i in range(len(found))]


def _request(model: Model, graph: str, inputs: tuple[np.ndarray, ...]) -> Any:
    """Inference request of this thread for a graph with inputs of these shapes."""
    shapes = tuple(item.shape for item in inputs)
    requests = _LOCAL.__dict__.setdefault("requests", {})
    key = (model.digest, graph, shapes)
    if key not in requests:
        requests[key] = compiled(model, graph, shapes).create_infer_request()
    return requests[key]
