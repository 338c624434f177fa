"""Recipe of the shipped detector: render, train, measure on views held out, write. About three minutes of one core."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simnet.learn.detector import detector_export, detector_training
from simnet.learn.detector.detector_training import DetectorRecipe
from simnet.learn.detector.detector_views import render_views

HELD_SHARE = 12
"""One of so many views is held out."""
CARD = """\
# {name}

A detector of cars in rendered streets: {parameters} parameters, anchor-free, one class, 256 x 128 pixels. It is there to
measure what coding does to detection (`tasks: [detection]`), not to find cars of real streets.

- **Training**: {views} rendered views of streets and intersections, {steps} steps of {batch}, seed {seed}, on one core.
- **Truth**: boxes of what can be seen of each car. Cars hidden by more than 70 % or less than 5 pixels wide or high do not count.
- **Measured** on {held} views that training has not seen, uncoded: average precision {map:.1f} % (0.5 to 0.95),
  {map50:.1f} % at 0.5.
- **Licence**: made from simnet's own scenes; free of others' data.
- **Made by**: `simnet.learn.detector.detector_recipe.train_detector`; `{name}.yaml` says what goes in and comes out.
"""


def train_detector(
    out: Path, recipe: DetectorRecipe | None = None, tell: Callable[[str], None] = lambda _text: None
) -> Path:
    """Train a detector as the shipped one was, and write it into the folder `out`, which names it; return its graph."""
    recipe = recipe or DetectorRecipe()
    views = []
    for view in render_views(recipe.views, recipe.seed, recipe.width, recipe.height):
        views.append(view)
        if len(views) % 100 == 0:
            tell(f"{len(views)} of {recipe.views} views")

    def told(step: int, loss: float) -> None:
        if step % 50 == 49:
            tell(f"step {step + 1} of {recipe.steps}: loss {loss:.3f}")

    held = max(1, recipe.views // HELD_SHARE)
    network = detector_training.train(views[:-held], recipe, told)
    return detector_export.finish(out, out.name, network, recipe, views[-held:], CARD)
