"""A scenario of small recorded pictures that is swept in seconds."""

from pathlib import Path

import cv2
import numpy as np
import pytest

FRAMES = 12

SCENARIO = """\
# Two cars send to a mast with a camera of its own.
seed: 3
duration: 1 s
world: {kind: pictures, path: PICTURES}
nodes:
  car: {position: [0, 0, 0], cameras: {a: {size: [64, 48], rate: 10 Hz, source: a}}}
  van: {position: [5, 0, 0], cameras: {b: {size: [64, 48], rate: 10 Hz, source: b}}}
  mast: {position: [9, 0, 0], cameras: {s: {size: [64, 48], rate: 10 Hz, source: s}}}
links:
  car_up: {from: car, to: mast, bandwidth: 200 kbit/s, delay: 5 ms, loss: {model: independent, mean: 5 %}}
  van_up: {from: van, to: mast, bandwidth: 200 kbit/s, delay: 5 ms, loss: {model: independent, mean: 5 %}}
streams:
  car/a: {codec: jpeg, rate: {quality: 0.4}}
  van/b: {codec: jpeg, rate: {quality: 0.4}, side_information: [car/a, mast/s, previous]}
fusion: {at: mast, deadline: 150 ms}
"""


@pytest.fixture(scope="session")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario's file; its cameras see one wide picture that drifts by."""
    root = tmp_path_factory.mktemp("swept")
    draw = np.random.default_rng(3)
    wide = cv2.GaussianBlur(draw.uniform(0, 255, (48, 64 + 4 * FRAMES, 3)), (5, 5), 0)
    for shift, name in enumerate("abs"):
        (root / "pictures" / name).mkdir(parents=True)
        for frame in range(FRAMES):
            left = 2 * frame + 5 * shift
            picture = wide[:, left : left + 64].astype(np.uint8)
            cv2.imwrite(str(root / "pictures" / name / f"{frame:03}.png"), picture)
    file = root / "cars.yaml"
    file.write_text(SCENARIO.replace("PICTURES", str(root / "pictures")))
    return file
