"""A small scenario in which every line and column is easy to count."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simnet import scenario
from simnet.errors import ScenarioError

SMALL = """\
# Two cars and a mast.
seed: 7
duration: 10 s
nodes:
  car: {path: [[0, 0], [110, 0]], speed: 36 km/h, cameras: {front: {size: [64, 32]}, rear: {}}}
  van: {follows: car, gap: 8 m}
  mast: {position: [60, 8, 5], cameras: {street: {rate: 5 Hz}}}
links:
  up: {from: car, to: mast, bandwidth: 400 kbit/s}
  up_van: {from: van, to: mast, bandwidth: 1 Mbit/s, loss: 1 %}
streams:
  van/front: {codec: atn, side_information: [car/front, previous]}
  car/front: {codec: jpeg, side_information: [mast/street]}
fusion: {at: mast}
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write the small scenario with some text replaced; return its path."""

    def change(*replacements: tuple[str, str]) -> str:
        text = SMALL
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "small.yaml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    return change


@pytest.fixture
def refusal(write: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Return what is said of the changed scenario, without the folder's name; it is one line."""

    def load(*replacements: tuple[str, str], overrides: tuple[str, ...] = ()) -> str:
        with pytest.raises(ScenarioError) as caught:
            scenario.load(write(*replacements), overrides)
        message = str(caught.value)
        assert message.isprintable()
        return message.replace(f"{tmp_path}/", "")

    return load
