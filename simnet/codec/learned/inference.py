"""Inference of exported graphs: with OpenVINO on the processor, or with torch on a GPU (`torch_graphs`, `compute_device`).

A graph is compiled for one shape at a time, with one thread per inference, so that the output depends neither on the machine's
load nor on the number of codecs that run in parallel. The graphs refer to the model's safetensors file for their weights.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from simnet import compute_device, library_threads, processor
from simnet.codec.learned import graph_store, onnx_files
from simnet.errors import ModelError
from simnet.serial_imports import imported

if TYPE_CHECKING:
    from simnet.codec.model import Model


HALF_GRAPHS, HALF_CODECS = ("fuse",), ("atn", "lowres", "ndic")
"""Graphs and codecs that run in bfloat16 if the processor is faster in it; all others run in float32.

Fusion corrects a picture that synthesis made, so its rounding is not visible (82 dB between the two in a measurement, PSNR equal
to 0.001 dB). The networks of `lowres`, and those behind it, select no table and are trained in bfloat16: 0.2 % more bytes,
0.02 dB less at the best quality. In bfloat16 the analysis of `factorized` would change 1.3 % of the symbols.
"""

WHOLE_GRAPHS = ("rows",)
"""Graphs of these codecs that run in float32 all the same: places in a picture need more than eight bits."""

KEPT_GRAPHS = 64
"""Compiled graphs that a process keeps, and inference requests that each of its threads keeps."""

_LOCAL = threading.local()
_OPENING = threading.Lock()


GraphRun = tuple["Model", str, tuple[tuple[int, ...], ...]]
"""Model, graph, and the shapes of its inputs."""


class GraphRequest(Protocol):
    """A graph that is ready for inputs of certain shapes, for one thread."""

    output_shapes: list[tuple[int, ...]]
    """-1 stands for a side that is not fixed."""

    def infer(self, inputs: Sequence[np.ndarray], wanted: Sequence[int]) -> list[np.ndarray]:
        """Run on float32 tensors; return the outputs of these numbers as arrays of their own."""
        ...


@contextmanager
def noting(runs: Counter[GraphRun]) -> Iterator[None]:
    """Count in `runs` what this thread runs inside the block."""
    _LOCAL.noted = runs
    try:
        yield
    finally:
        _LOCAL.noted = None


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


def opened_core() -> Any:
    """Return OpenVINO's core, which is opened once for each process."""
    with _OPENING:
        return _opened_core()


@lru_cache(maxsize=KEPT_GRAPHS)
def compiled(model: Model, graph: str, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """Compile a graph with OpenVINO for inputs of these shapes; all codecs of the process share it.

    Raises:
        ModelError: The model has no such graph, it reads other files, or it does not take these inputs.
    """
    settings = _settings(model, graph)
    key = (model.digest, graph, shapes)
    found = graph_store.find(opened_core(), key, settings)
    if found is None:
        read = network(model, graph, shapes)
        with _blamed(model, graph, shapes):
            found = opened_core().compile_model(read, "CPU", settings)
        graph_store.keep(found, key, settings)
    return found


def network(model: Model, graph: str, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """Read a graph with OpenVINO for inputs of these shapes; ModelError as `compiled`."""
    file = _file(model, graph)
    onnx_files.check(file)
    with _blamed(model, graph, shapes):
        read = opened_core().read_model(str(file))
        read.reshape({port: list(shape) for port, shape in zip(read.inputs, shapes, strict=True)})
        return read


class OpenVinoRequest:
    """`GraphRequest` of a compiled graph."""

    def __init__(self, graph: Any) -> None:
        self.output_shapes = [_shape_of(port) for port in graph.outputs]
        self._request = graph.create_infer_request()

    def infer(self, inputs: Sequence[np.ndarray], wanted: Sequence[int]) -> list[np.ndarray]:
        """See `GraphRequest`."""
        with library_threads.elsewhere():
            # What is kept is copied below, and inputs stay as they are until then: OpenVINO need not copy either.
            given = [np.ascontiguousarray(item) for item in inputs]
            found = self._request.infer(given, share_inputs=True, share_outputs=True)
            return [found[number].copy() for number in wanted]


@lru_cache(maxsize=KEPT_GRAPHS)
def _on_torch(model: Model, graph: str, shapes: tuple[tuple[int, ...], ...], place: str) -> GraphRequest:
    """Prepare a graph with torch; all threads of the process share it."""
    _file(model, graph)
    with _blamed(model, graph, shapes):
        return imported(compute_device.BACKEND).opened(model, graph, shapes, place)


def _file(model: Model, graph: str) -> Path:
    if graph not in model.manifest["graphs"]:
        raise ModelError(f"model {model.name}: has no graph {graph}; expected one of a model of codec {model.codec}")
    return model.folder / f"{graph}.onnx"


def require(
    model: Model, graph: str, shapes: tuple[tuple[int, ...], ...], *results: tuple[int | None, ...]
) -> list[tuple[int, ...]]:
    """Compile a graph now, and return its outputs' shapes: what does not fit is told when a model is opened.

    Raises:
        ModelError: Its first outputs have not the shapes `results` (None: any length), or see `compiled`.
        InputError: The chosen device is not there.
    """
    if compute_device.chosen() == compute_device.CPU:
        found = [_shape_of(port) for port in compiled(model, graph, shapes).outputs]
    else:
        found = _on_torch(model, graph, shapes, compute_device.torch_name()).output_shapes
    fits = len(found) >= len(results) and all(
        len(own) == len(wanted) and all(side in {None, length} for side, length in zip(wanted, own, strict=True))
        for own, wanted in zip(found, results, strict=False)
    )
    if not fits:
        raise ModelError(
            f"model {model.name}: its graph {graph} gives {_text(found)} for inputs of {_text(shapes)}; expected "
            f"{_text(results)}, as its tables and other graphs take them"
        )
    return found


def _shape_of(port: Any) -> tuple[int, ...]:
    """Shape of a compiled graph's input or output; -1 where it is not fixed."""
    return tuple(side.get_length() if side.is_static else -1 for side in port.get_partial_shape())


def finite(model: Model, graph: str, values: np.ndarray) -> np.ndarray:
    """Return a graph's output; ModelError if it holds a number that is not finite."""
    if not np.isfinite(values).all():
        raise ModelError(f"model {model.name}: its graph {graph} gives numbers that are not finite")
    return values


def _settings(model: Model, graph: str) -> dict[str, Any]:
    return {
        **library_threads.openvino_settings(),
        "INFERENCE_PRECISION_HINT": _precision(model, graph),
    }


def _precision(model: Model, graph: str) -> str:
    may_be_half = graph in HALF_GRAPHS or (model.codec in HALF_CODECS and graph not in WHOLE_GRAPHS)
    return "bf16" if may_be_half and processor.is_fast_in_bfloat16() else "f32"


@contextmanager
def _blamed(model: Model, graph: str, shapes: tuple[tuple[int, ...], ...]) -> Iterator[None]:
    """Turn the libraries' errors, of many lines, into one of the model."""
    try:
        yield
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        reason = " ".join(str(error).split())[-160:]
        raise ModelError(
            f"model {model.name}: its graph {graph} does not take inputs of {_text(shapes)} ({reason})"
        ) from error


def _text(shapes: Sequence[Sequence[int | None]]) -> str:
    return ", ".join(" x ".join("any" if side is None else str(side) for side in shape) for shape in shapes)


def run(model: Model, graph: str, *inputs: np.ndarray, output: int = 0) -> np.ndarray:
    """Run a graph on float32 tensors and return one of its outputs; several threads can call it at once.

    Raises:
        ModelError: The graph was exported without this output.
    """
    request = _request(model, graph, inputs)
    if output >= len(request.output_shapes):
        raise ModelError(
            f"model {model.name}: its graph {graph} has no output {output}; expected one exported by this version"
        )
    with _blamed(model, graph, tuple(item.shape for item in inputs)):
        return request.infer(inputs, (output,))[0]


def outputs(model: Model, graph: str, *inputs: np.ndarray) -> list[np.ndarray]:
    """Run a graph on float32 tensors and return all of its outputs; several threads can call it at once."""
    request = _request(model, graph, inputs)
    with _blamed(model, graph, tuple(item.shape for item in inputs)):
        return request.infer(inputs, range(len(request.output_shapes)))


def _request(model: Model, graph: str, inputs: tuple[np.ndarray, ...]) -> GraphRequest:
    """Request of this thread for a graph with inputs of these shapes, on the chosen device."""
    shapes, device = tuple(item.shape for item in inputs), compute_device.chosen()
    if (noted := _LOCAL.__dict__.get("noted")) is not None:
        noted[model, graph, shapes] += 1
    if device != compute_device.CPU:
        return _on_torch(model, graph, shapes, compute_device.torch_name())
    requests: OrderedDict[Any, OpenVinoRequest] = _LOCAL.__dict__.setdefault("requests", OrderedDict())
    key = (model.digest, graph, shapes)
    if key in requests:
        requests.move_to_end(key)
    else:
        # A request holds its graph and its own memory, so a thread that meets many models or sizes drops the oldest.
        while len(requests) >= KEPT_GRAPHS:
            requests.popitem(last=False)
        requests[key] = OpenVinoRequest(compiled(model, graph, shapes))
    return requests[key]
