"""Each operator of the torch backend gives what OpenVINO gives, and what it does not know is refused."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from simnet.codec.learned import inference, torch_graphs
from simnet.codec.learned.torch_operators import OPERATORS
from simnet.errors import ModelError

A, B = (1, 4, 6, 10), (1, 4, 6, 10)
F = np.float32
RNG = np.random.default_rng(0)


def drawn(*shape: int) -> np.ndarray:
    return RNG.uniform(-1, 1, shape).astype(F)


def whole(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


CASES: dict[str, list[tuple[list[Any], dict[str, Any]]]] = {
    # Operator -> (inputs: a shape for what depends on the picture, an array for what does not), attributes.
    **{
        name: [([A], {})]
        for name in (
            ["Abs", "Ceil", "Erf", "Exp", "Floor", "Identity", "Neg", "Relu", "Round", "Sigmoid", "Softplus", "Tanh"]
        )
    },
    **{name: [([A, B], {}), ([A, drawn(4, 1, 1)], {})] for name in ("Add", "Max", "Min", "Mul", "Sub")},
    "BatchNormalization": [([A, drawn(4), drawn(4), drawn(4), abs(drawn(4))], {"epsilon": 0.001})],
    "Clip": [([A, F(-0.3), F(0.4)], {}), ([A, F(0.0)], {})],
    "Concat": [([A, B], {"axis": 1}), ([A, drawn(*B)], {"axis": -1})],
    "Conv": [
        ([A, drawn(6, 4, 3, 3), drawn(6)], {"pads": [1, 1, 1, 1]}),
        ([A, drawn(4, 1, 3, 3)], {"group": 4, "pads": [1, 1, 1, 1], "dilations": [1, 1]}),
        ([A, drawn(2, 4, 3, 3)], {"strides": [2, 2], "pads": [0, 1, 2, 1], "dilations": [2, 1]}),
        ([(1, 4, 9), drawn(2, 4, 3)], {}),
    ],
    "ConvTranspose": [
        ([A, drawn(4, 2, 5, 5), drawn(2)], {"strides": [2, 2], "pads": [2, 2, 2, 2], "output_padding": [1, 1]}),
        ([A, drawn(4, 2, 3, 3)], {"group": 2}),
    ],
    "DepthToSpace": [([A], {"blocksize": 2, "mode": mode}) for mode in ("CRD", "DCR")],
    "Div": [([A, F(0.3)], {})],
    "Expand": [([(1, 4, 1, 10), whole(2, 1, 6, 1)], {})],
    "Flatten": [([A], {"axis": 2}), ([A], {})],
    "Gather": [([A, whole(2, 0, -1)], {"axis": 2}), ([A, np.int64(1)], {"axis": 1})],
    "Gemm": [
        ([(3, 4), drawn(5, 4), drawn(5)], {"transB": 1, "alpha": 0.5, "beta": 2.0}),
        ([(4, 3), drawn(4, 5)], {"transA": 1}),
    ],
    "LayerNormalization": [([A, drawn(10), drawn(10)], {"axis": -1, "epsilon": 0.01})],
    "LeakyRelu": [([A], {"alpha": 0.2}), ([A], {})],
    "MatMul": [([(2, 3, 4), drawn(4, 5)], {}), ([(2, 3, 4), (2, 4, 6)], {})],
    "Mod": [([A, F(0.3)], {"fmod": 1})],
    "Pad": [
        ([A, whole(0, 0, 1, 2, 0, 0, 3, 0), F(0.5)], {}),
        ([A, whole(0, 1, 0, 0, 0, 0, 0, 0)], {"mode": "constant"}),
        ([A, whole(0, 0, 1, 2, 0, 0, 3, 0)], {"mode": "reflect"}),
        ([A, whole(0, 0, 1, 2, 0, 0, 3, 0)], {"mode": "edge"}),
    ],
    "Pow": [([A, F(2.0)], {})],
    "ReduceMean": [([A], {"axes": [1], "keepdims": 0}), ([A], {"axes": [-1, 1]}), ([A], {})],
    "ReduceSum": [([A, whole(1)], {"keepdims": 0}), ([A], {"noop_with_empty_axes": 1})],
    "Reshape": [([A, whole(0, 2, -1, 10)], {})],
    "Resize": [
        ([A, None, np.array([1, 1, 4, 4], F)], {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}),
        ([A, None, np.array([1, 1, 0.5, 0.5], F)], {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}),
        ([A, None, None, whole(1, 4, 7, 9)], {"mode": "linear", "coordinate_transformation_mode": "align_corners"}),
        (
            [A, None, np.array([1, 1, 2, 2], F)],
            {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        ),
    ],
    "Slice": [
        ([A, whole(1, -4), whole(2**62, -1), whole(2, 3)], {}),
        ([A, whole(-1), whole(-(2**62)), whole(3), whole(-2)], {}),
        ([A, whole(0, 1), whole(1, 3)], {}),
    ],
    "Softmax": [([A], {"axis": 1}), ([A], {})],
    "Split": [([A, whole(3, 1)], {"axis": 1}), ([A], {"axis": 2})],
    "Squeeze": [([A, whole(0)], {}), ([(1, 3, 1)], {})],
    "Transpose": [([A], {"perm": [0, 2, 3, 1]}), ([A], {})],
    "Unsqueeze": [([A, whole(-1, 0)], {})],
}
"""Others are in the graph of sizes and comparisons below."""
SIZES = {"Cast", "ConstantOfShape", "Equal", "Log", "Shape", "Sqrt", "Where"}


def graph(
    nodes: list[onnx.NodeProto],
    shapes: list[tuple[int, ...]],
    outputs: list[str],
    arrays: dict[str, Any],
    opset: int = 17,
) -> Any:
    floats = [helper.make_tensor_value_info(f"x{i}", TensorProto.FLOAT, shape) for i, shape in enumerate(shapes)]
    found = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    kept = [numpy_helper.from_array(np.asarray(value), name) for name, value in arrays.items()]
    made = helper.make_graph(nodes, "g", floats, found, kept)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def on_torch(folder: Path, proto: Any, shapes: tuple[tuple[int, ...], ...]) -> torch_graphs.TorchGraph:
    (folder / "g.onnx").write_bytes(proto.SerializeToString())
    model: Any = SimpleNamespace(name="m", folder=folder)
    return torch_graphs.TorchGraph(torch_graphs.GraphFile(model, "g", torch.device("cpu")), shapes)


def compare(folder: Path, proto: Any, shapes: list[tuple[int, ...]]) -> None:
    given = [drawn(*shape) for shape in shapes]
    core = inference.opened_core()
    compiled = core.compile_model(
        core.read_model(proto.SerializeToString(), b""), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    expected = compiled.create_infer_request().infer(given)
    ready = on_torch(folder, proto, tuple(shapes))
    found = ready.infer(given, range(len(ready.output_shapes)))
    assert [each.shape for each in found] == ready.output_shapes
    for number, each in enumerate(found):
        np.testing.assert_allclose(each, expected[number], atol=1e-5)


@pytest.mark.parametrize(("name", "number"), [(name, i) for name, cases in CASES.items() for i in range(len(cases))])
def test_operator_gives_what_openvino_gives(name: str, number: int, tmp_path: Path) -> None:
    inputs, attributes = CASES[name][number]
    shapes, names, arrays = [], [], {}
    for each in inputs:
        if each is None:
            names.append("")
        elif isinstance(each, tuple):
            names.append(f"x{len(shapes)}")
            shapes.append(each)
        else:
            names.append(f"c{len(arrays)}")
            arrays[names[-1]] = each
    outputs = ["y0", "y1"] if name == "Split" else ["y0"]
    compare(tmp_path, graph([helper.make_node(name, names, outputs, **attributes)], shapes, outputs, arrays), shapes)


def test_sizes_and_comparisons_give_what_openvino_gives(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", ["x0"], ["shape"]),
        helper.make_node("Div", ["shape", "two"], ["half"]),
        helper.make_node("Mod", ["shape", "two"], ["odd"]),
        helper.make_node("Equal", ["odd", "one"], ["is_odd"]),
        helper.make_node("Where", ["is_odd", "half", "shape"], ["chosen"]),
        helper.make_node(
            "ConstantOfShape", ["chosen"], ["filled"], value=helper.make_tensor("v", TensorProto.FLOAT, [1], [1.5])
        ),
        helper.make_node("Cast", ["chosen"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Sqrt", ["real"], ["root"]),
        helper.make_node("Log", ["root"], ["y1"]),
        helper.make_node("ReduceMean", ["x0"], ["mean"]),
        helper.make_node("Add", ["filled", "mean"], ["y0"]),
    ]
    shapes = [(1, 2, 7, 9)]
    compare(tmp_path, graph(nodes, shapes, ["y0", "y1"], {"two": whole(2), "one": whole(1)}), shapes)


def test_every_operator_is_compared() -> None:
    assert set(CASES) | SIZES == set(OPERATORS)


@pytest.mark.parametrize(
    ("node", "opset", "told"),
    [
        (helper.make_node("Hardmax", ["x0"], ["y0"]), 17, "operator Hardmax; expected one of Abs"),
        (helper.make_node("Add", ["x0", "x0"], ["y0"], axis=1), 17, "attribute axis of operator Add; expected none"),
        (helper.make_node("Relu", ["x0"], ["y0"], domain="own"), 17, "operator Relu; expected"),
        (helper.make_node("Relu", ["x0"], ["y0"]), 11, "opset 11; expected 13 or later on a GPU, or --device cpu"),
    ],
)
def test_what_the_backend_does_not_know_is_refused(node: Any, opset: int, told: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"model m: its graph g has {told}"):
        on_torch(tmp_path, graph([node], [A], ["y0"], {}, opset), (A,))


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "g.onnx").write_bytes(b"no graph")
    model: Any = SimpleNamespace(name="m", folder=tmp_path)
    with pytest.raises(ModelError, match=r"g\.onnx: not an ONNX file"):
        torch_graphs.GraphFile(model, "g", torch.device("cpu"))


def test_weights_are_shared_and_values_are_let_go(tmp_path: Path) -> None:
    nodes = [helper.make_node("Mul", ["x0", "w"], ["a"]), helper.make_node("Relu", ["a"], ["y0"])]
    (tmp_path / "g.onnx").write_bytes(graph(nodes, [A], ["y0"], {"w": drawn(4, 1, 1)}).SerializeToString())
    model: Any = SimpleNamespace(name="m", folder=tmp_path)
    file = torch_graphs.GraphFile(model, "g", torch.device("cpu"))
    one, other = (torch_graphs.TorchGraph(file, ((1, 4, side, side),)) for side in (2, 3))
    assert one._steps[0].inputs[1] is other._steps[0].inputs[1]
    assert [step.done for step in one._steps] == [("x0",), ("a",)]
