"""Scenario files: altered text and altered trees of shipped scenarios; what is taken can be written and read again."""

import json
import tempfile
from pathlib import Path

import yaml
from hypothesis import strategies as st

from fuzz.mutations import altered, changed
from simnet import scenario
from simnet.errors import InputError, ScenarioError

REFUSED = (InputError,)
LONGEST_S = 60.0
TEXTS = [file.read_bytes() for _, _, file in scenario.list_shipped()]
TREES = [yaml.safe_load(text) for text in TEXTS]
FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))


@st.composite
def trees(draw: st.DrawFn) -> bytes:
    tree = draw(changed(draw(st.sampled_from(TREES)), 3))
    if draw(st.booleans()):
        return json.dumps(tree).encode()  # JSON is YAML, but for what floats and escapes mean
    return yaml.safe_dump(tree, allow_unicode=True).encode(errors="replace")


INPUTS = trees() | altered(TEXTS) | st.binary(max_size=200)


def prepare() -> None:
    for name, _, _ in scenario.list_shipped():
        scenario.load(name)


def check_text(said: str) -> None:
    assert "\n" not in said
    assert len(said) < 3000


def attempt(text: bytes) -> None:
    file = FOLDER / "scenario.yaml"
    file.write_bytes(text)
    try:
        taken = scenario.load(str(file))
    except ScenarioError as error:
        check_text(str(error))
        raise
    file.write_text(scenario.dump(taken))
    scenario.load(str(file))
    scenario.check(taken)
