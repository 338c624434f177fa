"""Operators of ONNX in torch: those that exported networks consist of, as opset 13 and later define them.

An operator is a function of the node's attributes and its input tensors; missing optional inputs are None. Inputs that say sizes
or places are lists of numbers. What is not in `OPERATORS`, or has another attribute, is refused: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Attributes = dict[str, Any]
Numbers = list[Any]

OLDEST_OPSET = 13
"""Before it, some operators have other inputs or another meaning."""
OUTPUTS = "outputs of the node"
"""Key among the attributes under which an operator finds how many outputs are asked of it."""
_TYPES = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 10: torch.float16, 11: torch.float64}
"""Tensor types of onnx.proto."""


@dataclass(frozen=True)
class Operator:
    """Function, attributes that it knows, and which inputs it takes as lists of numbers."""

    function: Callable[..., Any]
    attributes: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()


def _of(function: Callable[..., Any], *attributes: str, numbers: tuple[int, ...] = ()) -> Operator:
    return Operator(function, frozenset(attributes), frozenset(numbers))


def _plain(function: Callable[..., Tensor]) -> Operator:
    """An operator without attributes."""
    return Operator(lambda _, *inputs: function(*inputs))


def _div(_: Attributes, a: Tensor, b: Tensor) -> Tensor:
    whole = not (a.is_floating_point() or b.is_floating_point())
    return torch.div(a, b, rounding_mode="trunc" if whole else None)


def _mod(a: Attributes, x: Tensor, y: Tensor) -> Tensor:
    return torch.fmod(x, y) if a.get("fmod") else torch.remainder(x, y)


def _cast(a: Attributes, x: Tensor) -> Tensor:
    if a["to"] not in _TYPES:
        raise ValueError(f"a cast to type {a['to']} of ONNX")
    return x.to(_TYPES[a["to"]])


def _constant_of_shape(a: Attributes, shape: Numbers) -> Tensor:
    value = a.get("value")
    return torch.zeros(shape) if value is None else torch.full(shape, value.item(), dtype=value.dtype)


def _gather(a: Attributes, x: Tensor, where: Tensor) -> Tensor:
    axis = a.get("axis", 0) % x.dim()
    places = torch.where(where < 0, where + x.shape[axis], where).to(torch.int64)
    found = torch.index_select(x, axis, places.reshape(-1))
    return found.reshape((*x.shape[:axis], *where.shape, *x.shape[axis + 1 :]))


def _slice(
    _: Attributes, x: Tensor, starts: Numbers, ends: Numbers, axes: Numbers | None = None, steps: Numbers | None = None
) -> Tensor:
    for axis, start, end, step in zip(
        axes or range(len(starts)), starts, ends, steps or [1] * len(starts), strict=True
    ):
        cut = slice(start, end, step)
        if step > 0:
            x = x[(slice(None),) * (axis % x.dim()) + (cut,)]
        else:
            x = x.index_select(axis, torch.tensor(list(range(*cut.indices(x.shape[axis]))), device=x.device))
    return x


def _reshape(a: Attributes, x: Tensor, shape: Numbers) -> Tensor:
    kept = not a.get("allowzero", 0)
    return x.reshape([x.shape[i] if kept and side == 0 else side for i, side in enumerate(shape)])


def _squeeze(_: Attributes, x: Tensor, axes: Numbers | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


def _unsqueeze(_: Attributes, x: Tensor, axes: Numbers) -> Tensor:
    for axis in sorted(axis % (x.dim() + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return x


def _split(a: Attributes, x: Tensor, sizes: Numbers | None = None) -> tuple[Tensor, ...]:
    axis = a.get("axis", 0)
    return torch.split(x, -(-x.shape[axis] // a[OUTPUTS]) if sizes is None else sizes, axis)


def _flatten(a: Attributes, x: Tensor) -> Tensor:
    axis = a.get("axis", 1) % (x.dim() + 1)
    return x.reshape((x.shape[:axis].numel(), -1))


def _transpose(a: Attributes, x: Tensor) -> Tensor:
    return x.permute(a.get("perm") or list(range(x.dim()))[::-1])


def _expand(_: Attributes, x: Tensor, shape: Numbers) -> Tensor:
    return x.expand(torch.broadcast_shapes(x.shape, shape))


def _pad(a: Attributes, x: Tensor, pads: Numbers, value: Numbers | float | None = None) -> Tensor:
    rank = len(pads) // 2
    pairs = [(pads[axis], pads[axis + rank]) for axis in reversed(range(rank))]
    filled = value[0] if isinstance(value, list) else value
    mode = a.get("mode", "constant")
    if mode == "constant":
        return functional.pad(x, [n for pair in pairs for n in pair], value=filled or 0.0)
    if mode not in {"reflect", "edge"} or any(n for pair in pairs[2:] for n in pair):
        raise ValueError(f"padding of mode {mode} beyond the last two axes")
    return functional.pad(x, [n for pair in pairs[:2] for n in pair], "replicate" if mode == "edge" else mode)


def _resize(
    a: Attributes, x: Tensor, _: Tensor | None, scales: Numbers | None = None, sizes: Numbers | None = None
) -> Tensor:
    placed = a.get("coordinate_transformation_mode", "half_pixel")
    kind = a.get("mode", "nearest"), placed
    own = {
        ("linear", "half_pixel"): {"mode": "bilinear", "align_corners": False},
        ("linear", "align_corners"): {"mode": "bilinear", "align_corners": True},
        ("nearest", "asymmetric"): {"mode": "nearest"},
    }.get(kind)
    is_floor = kind[0] != "nearest" or a.get("nearest_mode", "round_prefer_floor") == "floor"
    if own is None or not is_floor or x.dim() != 4 or (scales or sizes or [])[:2] not in ([1, 1], list(x.shape[:2])):
        raise ValueError(f"a resize of {x.dim()} axes, mode {', '.join(kind)}")
    if sizes:
        return functional.interpolate(x, size=sizes[2:], **own)
    return functional.interpolate(x, scale_factor=tuple(scales or ())[2:], **own)


def _depth_to_space(a: Attributes, x: Tensor) -> Tensor:
    if a.get("mode", "DCR") == "CRD":
        return functional.pixel_shuffle(x, a["blocksize"])
    n, c, h, w = x.shape
    side = a["blocksize"]
    cells = x.reshape(n, side, side, c // side**2, h, w).permute(0, 3, 4, 1, 5, 2)
    return cells.reshape(n, c // side**2, h * side, w * side)


def _geometry(a: Attributes, kernel: Tensor) -> tuple[int, list[int], list[int], list[int]]:
    """Number of axes, strides, dilations, pads of a convolution."""
    axes = kernel.dim() - 2
    if a.get("auto_pad", "NOTSET") != "NOTSET" or axes not in {1, 2, 3}:
        raise ValueError(f"a convolution over {axes} axes with pads {a.get('auto_pad', 'given')}")
    return axes, a.get("strides") or [1] * axes, a.get("dilations") or [1] * axes, a.get("pads") or [0] * 2 * axes


def _conv(a: Attributes, x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    axes, strides, dilations, pads = _geometry(a, kernel)
    begins, ends = pads[:axes], pads[axes:]
    if begins != ends:
        x = functional.pad(x, [n for pair in zip(begins[::-1], ends[::-1], strict=True) for n in pair])
        begins = [0] * axes
    function: Any = (functional.conv1d, functional.conv2d, functional.conv3d)[axes - 1]
    return function(x, kernel, bias, strides, begins, dilations, a.get("group", 1))


def _conv_transpose(a: Attributes, x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    axes, strides, dilations, pads = _geometry(a, kernel)
    if pads[:axes] != pads[axes:]:
        raise ValueError(f"a transposed convolution with pads {pads}")
    function: Any = (functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d)[axes - 1]
    more = a.get("output_padding") or [0] * axes
    return function(x, kernel, bias, strides, pads[:axes], more, a.get("group", 1), dilations)


def _gemm(a: Attributes, x: Tensor, y: Tensor, bias: Tensor | None = None) -> Tensor:
    product = a.get("alpha", 1.0) * ((x.T if a.get("transA") else x) @ (y.T if a.get("transB") else y))
    return product if bias is None else product + a.get("beta", 1.0) * bias


def _layer_norm(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return functional.layer_norm(x, x.shape[a.get("axis", -1) :], weight, bias, a.get("epsilon", 1e-5))


def _batch_norm(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    if a.get("training_mode"):
        raise ValueError("a batch normalisation that trains")
    return functional.batch_norm(x, mean, variance, weight, bias, eps=a.get("epsilon", 1e-5))


def _reduced(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduction(a: Attributes, x: Tensor, axes: Numbers | None = None) -> Tensor:
        over = axes or a.get("axes") or []
        if not over and a.get("noop_with_empty_axes"):
            return x
        return function(x, dim=over or list(range(x.dim())), keepdim=bool(a.get("keepdims", 1)))

    return reduction


_CONVOLUTION = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
OPERATORS: dict[str, Operator] = {
    "Abs": _plain(torch.abs),
    "Add": _plain(torch.add),
    "BatchNormalization": _of(_batch_norm, "epsilon", "momentum", "training_mode"),
    "Cast": _of(_cast, "to"),
    "Ceil": _plain(torch.ceil),
    "Clip": _plain(torch.clamp),
    "Concat": _of(lambda a, *x: torch.cat(x, a["axis"]), "axis"),
    "ConstantOfShape": _of(_constant_of_shape, "value", numbers=(0,)),
    "Conv": _of(_conv, *_CONVOLUTION),
    "ConvTranspose": _of(_conv_transpose, *_CONVOLUTION, "output_padding"),
    "DepthToSpace": _of(_depth_to_space, "blocksize", "mode"),
    "Div": _of(_div),
    "Equal": _plain(torch.eq),
    "Erf": _plain(torch.erf),
    "Exp": _plain(torch.exp),
    "Expand": _of(_expand, numbers=(1,)),
    "Flatten": _of(_flatten, "axis"),
    "Floor": _plain(torch.floor),
    "Gather": _of(_gather, "axis"),
    "Gemm": _of(_gemm, "alpha", "beta", "transA", "transB"),
    "Identity": _plain(lambda x: x),
    "LayerNormalization": _of(_layer_norm, "axis", "epsilon", "stash_type"),
    "LeakyRelu": _of(lambda a, x: functional.leaky_relu(x, a.get("alpha", 0.01)), "alpha"),
    "Log": _plain(torch.log),
    "MatMul": _plain(torch.matmul),
    "Max": _plain(lambda *x: reduce(torch.maximum, x)),
    "Min": _plain(lambda *x: reduce(torch.minimum, x)),
    "Mod": _of(_mod, "fmod"),
    "Mul": _plain(torch.mul),
    "Neg": _plain(torch.neg),
    "Pad": _of(_pad, "mode", numbers=(1, 2)),
    "Pow": _plain(torch.pow),
    "ReduceMean": _of(_reduced(torch.mean), "axes", "keepdims", "noop_with_empty_axes", numbers=(1,)),
    "ReduceSum": _of(_reduced(torch.sum), "keepdims", "noop_with_empty_axes", numbers=(1,)),
    "Relu": _plain(torch.relu),
    "Reshape": _of(_reshape, "allowzero", numbers=(1,)),
    "Resize": _of(_resize, "coordinate_transformation_mode", "cubic_coeff_a", "mode", "nearest_mode", numbers=(2, 3)),
    "Round": _plain(torch.round),
    "Shape": _of(lambda a, x: torch.tensor(x.shape[a.get("start", 0) : a.get("end")]), "start", "end"),
    "Sigmoid": _plain(torch.sigmoid),
    "Slice": _of(_slice, numbers=(1, 2, 3, 4)),
    "Softmax": _of(lambda a, x: torch.softmax(x, a.get("axis", -1)), "axis"),
    "Softplus": _plain(functional.softplus),
    "Split": _of(_split, "axis", "num_outputs", numbers=(1,)),
    "Sqrt": _plain(torch.sqrt),
    "Squeeze": _of(_squeeze, numbers=(1,)),
    "Sub": _plain(torch.sub),
    "Tanh": _plain(torch.tanh),
    "Transpose": _of(_transpose, "perm"),
    "Unsqueeze": _of(_unsqueeze, numbers=(1,)),
    "Where": _plain(torch.where),
}
"""Operators by their ONNX names."""
