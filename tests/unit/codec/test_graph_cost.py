"""Multiplications of graphs, against counts by hand."""

from collections import Counter

import numpy as np
import openvino.opset8 as ops
import pytest

from simnet.codec import model, open_encoder
from simnet.codec.learned import graph_cost


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        (lambda x: ops.convolution(x, np.zeros((8, 4, 3, 3), np.float32), [2, 2], [1, 1], [1, 1], [1, 1]), 8 * 4 * 8 * 4 * 9),
        (
            lambda x: ops.group_convolution(x, np.zeros((4, 1, 1, 3, 3), np.float32), [1, 1], [1, 1], [1, 1], [1, 1]),
            4 * 8 * 16 * 9,
        ),
        (
            lambda x: ops.convolution_backprop_data(x, np.zeros((4, 2, 2, 2), np.float32), [2, 2], pads_begin=[0, 0],
                                                    pads_end=[0, 0], dilations=[1, 1]),
            4 * 8 * 16 * 2 * 4,
        ),
        (lambda x: ops.matmul(x, np.zeros((16, 5), np.float32), False, False), 4 * 8 * 16 * 5),
        (ops.relu, 0),
    ],
    ids=["convolution", "grouped", "transposed", "product", "other"],
)  # fmt: skip
def test_operations_are_counted(operation, wanted: int) -> None:
    node = operation(ops.parameter([1, 4, 8, 16], np.float32))
    assert graph_cost._of_operation(node) == wanted


def test_runs_are_noted_in_their_block_alone() -> None:
    encoder = open_encoder("factorized", 64, 32)
    picture = np.zeros((32, 64, 3), np.uint8)
    with graph_cost.noted() as runs:
        encoder.encode(picture, 0.5)
        encoder.encode(picture, 0.5)
    encoder.encode(picture, 0.5)
    ((chosen, graph, shapes),) = runs
    assert (chosen.name, graph, shapes, runs.total()) == ("factorized", "analysis", ((1, 3, 32, 64),), 2)
    once = graph_cost.multiplications(Counter({(chosen, graph, shapes): 1}))
    assert graph_cost.multiplications(runs) == 2 * once > 0
    weights = (model.load("factorized").folder / "weights.safetensors").stat().st_size
    assert 0 < 2 * graph_cost.parameters(runs) < weights
    assert graph_cost.parameters([]) is None
