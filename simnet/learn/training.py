"""Trains a recipe into a model folder: train or resume, export, measure, write manifest and card."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from simnet.codec.learned.fuse_networks import FuseNumbers
from simnet.errors import InputError
from simnet.learn import model_export
from simnet.learn.recipe import Recipe

QUALITIES = (0.0, 0.25, 0.5, 0.75, 1.0)
ENCODE_NS, DECODE_NS, FUSE_NS = 15_000_000, 20_000_000, 40_000_000
BEHIND_NS = {"renderer-fusion": 30_000_000, "rows": 40_000_000, "common": 25_000_000}
"""Declared virtual coding times of a 256 x 128 frame: rounded up from the times of one core of a desktop machine."""

MEASURED = 100
"""Number of evenly spaced pairs that a published network is measured on."""
DSIN_TIMES = (400_000_000, 800_000_000)

CARD = """# {model}

{summary}

- **Network**: {network}
- **Training**: stage `{stage}`, {steps} steps of {batch} crops of {crop} x {crop}, seed {seed}; recipe in `manifest.yaml`.
- **Training data**: {data}
- **Validation data** (other drives; watched, not selected on): {validation}
- **Use**: {use}
- **Limits**: the measured curve is in `manifest.yaml`; `simnet evaluate` repeats it.
"""

SUMMARIES = {
    "backbone": "A backbone without side information: analysis, gain vectors, factorised prior, synthesis.",
    "fuse": "A decoder's second half that aligns side pictures by optical flow and fuses them in by cross-attention in local "
    "windows, behind {codecs}. The bitstreams are the plain codec's; only decoding differs.",
    "renderer-fusion": "`{backbone}`, frozen, and a decoder's second half that aligns side pictures by optical flow and fuses "
    "them in by cross-attention in local windows; it sees the renderer's features and the quality. Its bitstreams are the "
    "backbone's; only decoding differs.",
    "rows": "The fusion of `{start}` behind `{backbone}`, and a network that finds matches along the rows of rectified cameras. "
    "Its bitstreams are the backbone's; only decoding differs.",
    "common": "`{backbone}`, frozen, and NDIC's way with side information: the side picture's latent is concatenated to the "
    "stream's, without alignment. Its bitstreams are the backbone's; only decoding differs.",
    "lowres": "A backbone without side information that works at 1/16 of the size: a transform that starts as Karhunen-Loeve's, "
    "four passes, table indexes in whole numbers, a renderer at 1/4 of the size.",
    "dsin": "DSIN: autoencoder with importance map, 3-D context model, patches of the side picture, a network that joins them.",
}


def summary(recipe: Recipe) -> str:
    """Description of the model in one or two sentences."""
    return SUMMARIES[recipe.stage].format(
        codecs=", ".join(recipe.codecs), backbone=Path(recipe.backbone or "").name, start=Path(recipe.start or "").name
    )


def train(recipe: Recipe, folder: Path, exported: Path) -> Path:
    """Train or resume in `folder`, write the model folder `exported`, and return it."""
    import cv2
    import torch

    from simnet.learn import parallel

    cv2.setNumThreads(1)
    torch.set_num_threads(parallel.threads())
    STAGES[recipe.stage](recipe, folder, exported)
    model_export.add_to_manifest(exported, measured=measure(recipe, exported))
    return exported


def backbone(recipe: Recipe, folder: Path, exported: Path) -> None:
    """Train and write a backbone with a factorised prior."""
    from simnet.learn import backbone_stage as stage

    network = stage.train(recipe, folder)
    numbers = {"backbone": vars(network.numbers)}
    facts = described(recipe, folder, numbers, (ENCODE_NS, DECODE_NS))
    model_export.write(exported, recipe.codec_name, network, facts, card(recipe, numbers))


def fuse(recipe: Recipe, folder: Path, exported: Path) -> None:
    """Train and write the side-information stage for other codecs."""
    from simnet.learn import fuse_stage as stage

    network = stage.train(recipe, folder)
    numbers = {"fuse": vars(FuseNumbers())}
    facts = described(recipe, folder, numbers, (ENCODE_NS, FUSE_NS))
    model_export.write(exported, recipe.codec_name, network, facts, card(recipe, numbers))


def behind_backbone(recipe: Recipe, folder: Path, exported: Path) -> None:
    """Train and write what stands behind a frozen low-resolution backbone."""
    from simnet.learn import frozen_backbone, renderer_common_stage, renderer_export, renderer_fusion_stage, row_weights

    chosen, networks = frozen_backbone.of(recipe, exported)
    numbers: dict[str, Any] = {"lowres": chosen.manifest["numbers"]["lowres"]}
    network: Any
    rows = None
    if recipe.stage == "common":
        network = renderer_common_stage.train(recipe, folder, networks)
    elif recipe.stage == "rows":
        from simnet.learn import row_matching_stage

        network = row_weights.fusion_of(recipe.start or "", networks)
        rows = row_matching_stage.train(recipe, folder, networks)
    else:
        network = renderer_fusion_stage.train(recipe, folder, networks)
        rows = row_weights.rows_of(recipe.start) if recipe.start else None
    numbers |= {} if recipe.stage == "common" else {"fuse": vars(network.numbers)}
    numbers |= {} if rows is None else {"rows": vars(rows.numbers)}
    facts = described(recipe, folder, numbers, (ENCODE_NS, BEHIND_NS[recipe.stage]))
    renderer_export.write(exported, recipe.codec_name, network, chosen, facts, card(recipe, numbers), rows)


def dsin(recipe: Recipe, folder: Path, exported: Path) -> None:
    """Train and write DSIN."""
    from simnet.learn import dsin_stage as stage

    network = stage.train(recipe, folder)
    numbers = {"dsin": vars(network.numbers)}
    stage.write(exported, network, described(recipe, folder, numbers, DSIN_TIMES), card(recipe, numbers))


def lowres(recipe: Recipe, folder: Path, exported: Path) -> None:
    """Train and write the backbone at 1/16 of the size."""
    from simnet.learn import lowres_export
    from simnet.learn import lowres_stage as stage

    network = stage.train(recipe, folder)
    numbers = {"lowres": vars(network.numbers)}
    facts = described(recipe, folder, numbers, (ENCODE_NS, DECODE_NS))
    lowres_export.write(exported, recipe.codec_name, network, facts, card(recipe, numbers))


def published(recipe: Recipe, folder: Path, exported: Path) -> None:
    """Train and write a network of the NDIC and ATN papers."""
    from simnet.learn import published_stage as stage

    stage.train(recipe, folder)
    stage.write(recipe, folder, exported, last_lines(folder / "log.txt"))


STAGES = {
    "backbone": backbone,
    "fuse": fuse,
    "lowres": lowres,
    "renderer-fusion": behind_backbone,
    "rows": behind_backbone,
    "common": behind_backbone,
    "dsin": dsin,
    "published": published,
}
"""Function of each stage: it trains or resumes in the first folder and writes the second."""


def described(recipe: Recipe, folder: Path, numbers: dict[str, Any], times: tuple[int, int]) -> dict[str, Any]:
    """Facts of a training for the manifest."""
    return {
        "encode_ns": times[0],
        "decode_ns": times[1],
        "numbers": numbers,
        "recipe": recipe.model_dump(mode="json"),
        "trained_on": time.strftime("%Y-%m-%d"),
        "validation": last_lines(folder / "log.txt"),
    }


def card(recipe: Recipe, numbers: dict[str, Any]) -> str:
    """Text of the model card."""
    network = ", ".join(f"{key} {value}" for part in numbers.values() for key, value in part.items())
    data = ", ".join((*recipe.data, *recipe.pictures))
    values = recipe.model_dump() | {"data": data, "validation": ", ".join(recipe.validation)}
    return CARD.format(summary=summary(recipe), network=network, **values)


def measure(recipe: Recipe, exported: Path) -> dict[str, Any]:
    """Measure rate (real bytes) and quality of the exported model on the recipe's validation data."""
    from simnet.learn.evaluation import evaluator

    # A fusion stage for other codecs is measured with the first of them.
    codec = f"{recipe.codecs[0]}+fuse" if recipe.codecs else recipe.codec_name
    name = f"{codec}={exported}"
    # The published networks take seconds per picture, and their validation data have hundreds of pictures.
    few: dict[str, Any] = {"size": (256, 128), "most": MEASURED} if recipe.published else {}
    result = evaluator.evaluate(recipe.validation, [name], QUALITIES, name, **few)
    controls = result["controls"].get(name, {})
    ways = {"with side information" if controls else "decoded": result["points"][name]}
    ways |= {f"side information: {way}": points for way, points in controls.items()}
    return {
        "on": list(recipe.validation),
        "codec": codec,
        "pictures": result["pictures"],
        **{
            way: [{key: round(value, 4) for key, value in point.items()} for point in points]
            for way, points in ways.items()
        },
    }


def last_lines(log: Path, count: int = 1) -> list[str]:
    """Read the newest validation figures (estimated bits, held-out drives) from the log."""
    if not log.is_file():
        raise InputError(f"{log}: missing; the training wrote no validation figures")
    return log.read_text().splitlines()[-count:]
