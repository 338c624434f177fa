"""Inference of exported graphs with torch, on a GPU or, in tests, on the processor.

    graph file, weights ──GraphFile──▶ nodes ──TorchGraph: a first run on zeros──▶ steps for inputs of these shapes ──▶ run

What depends on shapes and constants alone (most nodes of a graph, for sizes of slices and so on) is worked out once, by the first
run; it stays in the processor's memory. Numbers are float32, without TensorFloat-32, and the algorithms are those that give the
same output each time. Only symbols' means and pictures come from here, and they select no table: a stream made on one device
decodes on another to the same symbols.

The module needs torch and onnx, so a run imports it only if another device than the processor was asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from simnet import library_threads
from simnet.codec.learned import onnx_files
from simnet.codec.learned.torch_operators import OLDEST_OPSET, OPERATORS, OUTPUTS, Operator
from simnet.codec.model import Model
from simnet.errors import ModelError

KEPT_FILES = 64
"""Graph files whose weights a process keeps on the device."""

_RUNNING = Lock()
"""Held while a graph runs on a GPU: torch's switches are the process's, and kernels follow each other anyway."""


@dataclass(frozen=True)
class Node:
    """A node of a graph: operator, attributes, names of inputs (empty: none given) and outputs."""

    operator: Operator
    attributes: dict[str, Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """A node that runs for each frame; an input is a value's name, or what it always is.

    `done` are the names of values that no later step takes.
    """

    node: Node
    inputs: tuple[str | list[Any] | Tensor | None, ...]
    done: tuple[str, ...]


class GraphFile:
    """A graph read from its file, with its weights on the device.

    Raises:
        ModelError: It is no graph, or has an operator that this backend does not know.
    """

    def __init__(self, model: Model, graph: str, place: torch.device) -> None:
        path = model.folder / f"{graph}.onnx"
        onnx_files.check(path)
        self._about = f"model {model.name}: its graph {graph}"
        try:
            proto = onnx.load(str(path))
        except Exception as error:  # protobuf, onnx and files each raise their own
            raise ModelError(f"{path}: not an ONNX file ({' '.join(str(error).split())[:160]})") from error
        opset = next((each.version for each in proto.opset_import if not each.domain), 0)
        if opset < OLDEST_OPSET:
            raise self._unknown(f"opset {opset}", f"{OLDEST_OPSET} or later")
        self.constants = {each.name: _tensor(each) for each in proto.graph.initializer}
        self.nodes = [self._node(each) for each in proto.graph.node if each.op_type != "Constant"]
        for each in proto.graph.node:
            if each.op_type == "Constant":
                self.constants[each.output[0]] = self._constant(each)
        self.inputs = [each.name for each in proto.graph.input if each.name not in self.constants]
        self.outputs = [each.name for each in proto.graph.output]
        self._placed: dict[str, Tensor] = {}
        self.place = place

    def placed(self, name: str) -> Tensor:
        """A constant on the device; all shapes of the graph share it."""
        if name not in self._placed:
            self._placed[name] = self.constants[name].to(self.place)
        return self._placed[name]

    def _node(self, node: onnx.NodeProto) -> Node:
        operator = None if node.domain else OPERATORS.get(node.op_type)
        attributes = {each.name: _attribute(each) for each in node.attribute}
        if operator is None:
            raise self._unknown(f"operator {node.op_type}", f"one of {', '.join(OPERATORS)}")
        if more := sorted(set(attributes) - operator.attributes):
            known = ", ".join(sorted(operator.attributes)) or "none"
            raise self._unknown(f"attribute {more[0]} of operator {node.op_type}", known)
        return Node(operator, attributes | {OUTPUTS: len(node.output)}, tuple(node.input), tuple(node.output))

    def _constant(self, node: onnx.NodeProto) -> Tensor:
        found = {each.name: _attribute(each) for each in node.attribute}
        if not found.keys() <= {"value", "value_float", "value_floats", "value_int", "value_ints"} or len(found) != 1:
            raise self._unknown(f"a constant with {', '.join(sorted(found)) or 'nothing'}", "a tensor or numbers")
        value = next(iter(found.values()))
        return value if isinstance(value, Tensor) else torch.tensor(value)

    def _unknown(self, found: str, wanted: str) -> ModelError:
        return ModelError(f"{self._about} has {found}; expected {wanted} on a GPU, or --device cpu")


class TorchGraph:
    """A graph for inputs of certain shapes. Several threads can run it at once."""

    def __init__(self, file: GraphFile, shapes: tuple[tuple[int, ...], ...]) -> None:
        if len(shapes) != len(file.inputs):
            raise ValueError(f"{len(file.inputs)} inputs, got {len(shapes)}")
        self._file = file
        self._steps: list[Step] = []
        self._fixed: dict[str, Tensor] = {}
        """Outputs that depend on shapes alone."""
        with torch.inference_mode(), _exact(file.place):
            zeros = {
                name: torch.zeros(shape, device=file.place) for name, shape in zip(file.inputs, shapes, strict=True)
            }
            found = self._traced(zeros)
        self.output_shapes = [tuple(each.shape) for each in found]

    @property
    def output_count(self) -> int:
        """Number of outputs."""
        return len(self.output_shapes)

    def infer(self, inputs: Sequence[np.ndarray], wanted: Sequence[int]) -> list[np.ndarray]:
        """Run on float32 tensors; return the outputs of these numbers as arrays of their own."""
        with torch.inference_mode(), _exact(self._file.place):
            values = {
                name: torch.from_numpy(np.ascontiguousarray(each)).to(self._file.place)
                for name, each in zip(self._file.inputs, inputs, strict=True)
            }
            for step in self._steps:
                given = [values[each] if isinstance(each, str) else each for each in step.inputs]
                values.update(_results(step.node, given))
                for name in step.done:
                    del values[name]
            known = self._fixed | values
            return [np.array(known[self._file.outputs[number]].numpy(force=True)) for number in wanted]

    def _traced(self, values: dict[str, Tensor]) -> list[Tensor]:
        """Run once on zeros, and note the steps that depend on the inputs; return the outputs."""
        file, fixed = self._file, dict(self._file.constants)
        steps: list[Step] = []
        for node in file.nodes:
            given = [None if not name else fixed.get(name, values.get(name)) for name in node.inputs]
            is_fixed = all(name in fixed or not name for name in node.inputs)
            if is_fixed or node.operator is OPERATORS["Shape"]:
                fixed.update(_results(node, [_taken(node, number, each) for number, each in enumerate(given)]))
                continue
            inputs: list[Any] = []
            for number, name in enumerate(node.inputs):
                if name in fixed:
                    own = _taken(node, number, fixed[name])
                    is_weight = isinstance(own, Tensor) and name in file.constants
                    inputs.append(
                        file.placed(name) if is_weight else own.to(file.place) if isinstance(own, Tensor) else own
                    )
                elif number in node.operator.numbers and name:
                    raise ValueError(f"sizes or places that depend on the picture ({name})")
                else:
                    inputs.append(name or None)
            values.update(_results(node, [values[each] if isinstance(each, str) else each for each in inputs]))
            steps.append(Step(node, tuple(inputs), ()))
        self._fixed = {name: fixed[name] for name in file.outputs if name in fixed}
        self._steps = _with_ends(steps, set(file.outputs))
        return [fixed[name] if name in fixed else values[name] for name in file.outputs]


@lru_cache(maxsize=KEPT_FILES)
def _file(model: Model, graph: str, place: str) -> GraphFile:
    library_threads.limit_torch()
    return GraphFile(model, graph, torch.device(place))


def opened(model: Model, graph: str, shapes: tuple[tuple[int, ...], ...], place: str) -> TorchGraph:
    """Prepare a graph for inputs of these shapes on torch's device `place`.

    Raises:
        ModelError: See `GraphFile`.
        RuntimeError, ValueError, IndexError: It does not take these inputs.
    """
    return TorchGraph(_file(model, graph, place), shapes)


@contextmanager
def _exact(place: torch.device) -> Iterator[None]:
    """Have a GPU compute in float32 proper, by the same algorithms each time; nothing is changed for the processor."""
    if place.type == "cpu":
        yield
        return
    with _RUNNING, torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


def _results(node: Node, inputs: Sequence[Any]) -> Iterator[tuple[str, Tensor]]:
    found = node.operator.function(node.attributes, *inputs)
    return zip(node.outputs, (found,) if isinstance(found, Tensor) else found, strict=True)


def _taken(node: Node, number: int, value: Tensor | None) -> Any:
    """An input that is known beforehand, as its operator takes it."""
    return value.tolist() if value is not None and number in node.operator.numbers else value


def _with_ends(steps: Sequence[Step], outputs: set[str]) -> list[Step]:
    """Note in each step the values that it is the last to take."""
    left = Counter(each for step in steps for each in step.inputs if isinstance(each, str))
    made = []
    for step in steps:
        left.subtract(each for each in step.inputs if isinstance(each, str))
        own = {each for each in (*step.inputs, *step.node.outputs) if isinstance(each, str)}
        done = tuple(sorted(each for each in own if not left[each] and each not in outputs))
        made.append(Step(step.node, step.inputs, done))
    return made


def _tensor(proto: onnx.TensorProto) -> Tensor:
    return torch.from_numpy(np.array(numpy_helper.to_array(proto)))


def _attribute(proto: onnx.AttributeProto) -> Any:
    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, onnx.TensorProto):
        return _tensor(value)
    return value.decode() if isinstance(value, bytes) else value
