"""Costs of exported graphs: how many numbers a model has learned, and how many multiplications a graph needs.

with noted() as runs: decoder.decode(...)        which graphs ran, for which shapes, how often
multiplications(runs)                            of their convolutions and matrix products
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from math import prod
from typing import Any

from simnet.codec.learned import inference
from simnet.codec.learned.inference import GraphRun
from simnet.codec.model import WEIGHTS, Model

_TABLES = "tables."
"""Prefix of what is stored beside the weights and is no weight."""


@contextmanager
def noted() -> Iterator[Counter[GraphRun]]:
    """Count the graphs that this thread runs inside the block."""
    runs: Counter[GraphRun] = Counter()
    with inference.noting(runs):
        yield runs


def parameters(runs: Iterable[GraphRun]) -> int | None:
    """Return the number of weights of the models whose graphs ran; None if none did."""
    models = {run[0].digest: run[0] for run in runs}
    return sum(map(_weights, models.values())) if models else None


def multiplications(runs: Mapping[GraphRun, int]) -> int:
    """Return the multiplications of all runs, each followed by an addition: those of convolutions and matrix products."""
    return sum(count * _multiplications(*run) for run, count in runs.items())


def _weights(model: Model) -> int:
    from safetensors import safe_open

    with safe_open(model.folder / WEIGHTS, framework="numpy") as opened:  # pyright: ignore[reportArgumentType]
        names = [name for name in opened.keys() if not name.startswith(_TABLES)]  # noqa: SIM118 - it is no dict
        return sum(prod(opened.get_slice(name).get_shape()) for name in names)


@lru_cache(maxsize=64)
def _multiplications(model: Model, graph: str, shapes: tuple[tuple[int, ...], ...]) -> int:
    return sum(map(_of_operation, inference.network(model, graph, shapes).get_ordered_ops()))


def _of_operation(operation: Any) -> int:
    kind = operation.get_type_name()
    if kind not in _KINDS:
        return 0
    first, second = (tuple(operation.input(number).get_shape()) for number in (0, 1))
    return _KINDS[kind](operation, first, second, tuple(operation.output(0).get_shape()))


def _convolution(_: Any, __: tuple[int, ...], kernel: tuple[int, ...], out: tuple[int, ...]) -> int:
    return prod(out) * prod(kernel[1:])


def _grouped(_: Any, __: tuple[int, ...], kernel: tuple[int, ...], out: tuple[int, ...]) -> int:
    return prod(out) * prod(kernel[2:])


def _transposed(_: Any, given: tuple[int, ...], kernel: tuple[int, ...], __: tuple[int, ...]) -> int:
    return prod(given) * prod(kernel[1:])


def _grouped_transposed(_: Any, given: tuple[int, ...], kernel: tuple[int, ...], __: tuple[int, ...]) -> int:
    return prod(given) * prod(kernel[2:])


def _product(operation: Any, given: tuple[int, ...], _: tuple[int, ...], out: tuple[int, ...]) -> int:
    turned = bool(operation.get_attributes().get("transpose_a")) and len(given) > 1
    return prod(out) * given[-2 if turned else -1]


_KINDS = {
    "Convolution": _convolution,
    "GroupConvolution": _grouped,
    "ConvolutionBackpropData": _transposed,
    "GroupConvolutionBackpropData": _grouped_transposed,
    "MatMul": _product,
}
"""Kinds of operations that multiply, with the function of (operation, input, kernel, output shapes)."""
