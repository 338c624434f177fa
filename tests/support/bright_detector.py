"""A detector that finds one box in the middle of every picture, with the picture's mean light as its score."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def bright_detector(folder: Path, name: str = "bright", **said: object) -> Path:
    """Write the detector, for pictures of 64 x 32, and what is `said` of it beside its own."""
    place = numpy_helper.from_array(np.array([[[32], [16], [20], [10]]], np.float32), "place")
    axes = numpy_helper.from_array(np.array([1, 2, 3]), "axes")
    shape = numpy_helper.from_array(np.array([1, 1, 1]), "shape")
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Reshape", ["mean", "shape"], ["score"]),
        helper.make_node("Concat", ["place", "score"], ["boxes"], axis=1),
    ]
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 32, 64])
    out = helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 5, 1])
    graph = helper.make_graph(nodes, "bright", [picture], [out], [place, axes, shape])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(folder / f"{name}.onnx"))
    spec = {"size": [64, 32], "output": "yolov8", "classes": ["car"]} | said
    (folder / f"{name}.yaml").write_text(json.dumps(spec))
    return folder / f"{name}.onnx"
