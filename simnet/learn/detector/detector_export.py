"""Export of a trained detector: an ONNX graph with weights in half precision, the file beside it, and a card."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
import yaml
from onnx import TensorProto, helper, numpy_helper

from simnet.learn.detector.detector_network import CarDetector, WholeDetector
from simnet.learn.detector.detector_training import KIND, DetectorRecipe
from simnet.tasks import detector_file
from simnet.tasks.average_precision import DetectedFrame, average_precision
from simnet.tasks.detector import Detector

if TYPE_CHECKING:
    from simnet.learn.detector.detector_views import BoxedView

HALVED = 256
"""Least number of elements at which a weight is stored in half precision."""


@torch.no_grad()
def write(
    folder: Path, name: str, network: CarDetector, recipe: DetectorRecipe, card: str, about: Mapping[str, Any]
) -> Path:
    """Write NAME.onnx, NAME.yaml and card.md into a folder; return the graph's path. `about` goes into the YAML as a comment."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    whole = WholeDetector(network.cpu().float().eval(), recipe.width, recipe.height).eval()
    example = torch.zeros(1, 3, recipe.height, recipe.width)
    torch.onnx.export(
        whole, (example,), str(path), input_names=["picture"], output_names=["boxes"], opset_version=17, dynamo=False
    )
    graph = onnx.load(str(path))
    _halve(graph)
    onnx.save(graph, str(path))
    spec = {
        "size": [recipe.width, recipe.height],
        "colour": "RGB",
        "layout": "NCHW",
        "mean": [0, 0, 0],
        "scale": [255, 255, 255],
        "output": "yolov8",
        "classes": [KIND],
        "score": 0.05,
        "confidence": 0.9,
        "nms": 0.5,
    }
    said = "".join(f"# {line}\n" for line in yaml.safe_dump(dict(about), sort_keys=False).splitlines())
    (folder / f"{name}.yaml").write_text(said + yaml.safe_dump(spec, sort_keys=False, default_flow_style=None))
    (folder / "card.md").write_text(card)
    return path


def _halve(graph: onnx.ModelProto) -> None:
    """Store large weights in half precision, each with a conversion back to single precision in front of its use."""
    for weight in list(graph.graph.initializer):
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < HALVED:
            continue
        graph.graph.initializer.remove(weight)
        graph.graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), f"{weight.name}.half"))
        cast = helper.make_node("Cast", [f"{weight.name}.half"], [weight.name], to=TensorProto.FLOAT)
        graph.graph.node.insert(0, cast)


def finish(
    folder: Path, name: str, network: CarDetector, recipe: DetectorRecipe, held: Sequence[BoxedView], card: str
) -> Path:
    """Write a detector, measure it as it runs on views that training has not seen, and write the card with the figures."""
    parameters = sum(each.numel() for each in network.parameters())
    about = {"trained": dataclasses.asdict(recipe)}
    path = write(folder, name, network, recipe, "", about)
    detector = Detector(detector_file.read(str(path)))
    frames = [DetectedFrame(view.truth, detector.detect(view.picture)) for view in held]
    whole, half = average_precision(frames, [KIND]) or (0.0, 0.0)
    told = dataclasses.asdict(recipe) | {
        "name": name,
        "parameters": parameters,
        "held": len(held),
        "map": whole,
        "map50": half,
    }
    (folder / "card.md").write_text(card.format(**told))
    return path
