"""Complexity of codecs: parameters, multiplications a pixel, and milliseconds on this machine.

A picture is coded once while `inference` notes which graphs run; their multiplications are counted from the graphs. Codecs
without graphs have times alone. Optical flow and range coding are no graphs: they are in the times.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from simnet.codec.learned import graph_cost
from simnet.learn.evaluation.evaluation_pairs import EvaluationTask
from simnet.learn.evaluation.picture_coding import PictureCoder

REPEATS = 3
"""Number of timed repetitions; the fastest counts, since other work of the machine only ever adds time."""
_KILO = 1e3


def measured(coders: Sequence[PictureCoder], task: EvaluationTask) -> dict[str, dict[str, Any]]:
    """Return each codec's complexity on one picture, with a side picture if it uses one, at its middle setting.

    Keys: `parameters`, `encode_kmac`, `decode_kmac` (thousands a pixel; None without graphs), `encode_ms`, `decode_ms`.
    """
    picture = task.original.read()
    side = next(iter(task.sides.values())).read()
    return {coder.spec.label: _of(coder, picture, side) for coder in coders}


def _of(coder: PictureCoder, picture: np.ndarray, side: np.ndarray) -> dict[str, Any]:
    setting = coder.settings[len(coder.settings) // 2]
    data = coder.encode(setting, picture)
    with graph_cost.noted() as encoding:
        coder.encode(setting, picture)
    with graph_cost.noted() as decoding:
        coder.decode(setting, picture, data, side)
    pixels = picture.shape[0] * picture.shape[1]
    return {
        "parameters": graph_cost.parameters([*encoding, *decoding]),
        "encode_kmac": _a_pixel(encoding, pixels),
        "decode_kmac": _a_pixel(decoding, pixels),
        "encode_ms": _fastest(lambda: coder.encode(setting, picture)),
        "decode_ms": _fastest(lambda: coder.decode(setting, picture, data, side)),
    }


def _a_pixel(runs: Mapping[graph_cost.GraphRun, int], pixels: int) -> float | None:
    return graph_cost.multiplications(runs) / pixels / _KILO if runs else None


def _fastest(work: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1e3 * min(times)
