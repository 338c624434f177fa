"""Compiled networks that stay on disk: taken where they are whole, made again where not, and never in the way."""

from pathlib import Path

import numpy as np
import pytest

from simnet.codec import model
from simnet.codec.learned import graph_store, inference

SHAPE = (1, 3, 64, 64)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(graph_store.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "networks"


def analysed() -> np.ndarray:
    """What a network gives in a process that has compiled none."""
    inference.compiled.cache_clear()
    inference._LOCAL.__dict__.clear()
    picture = np.random.default_rng(1).standard_normal(SHAPE, np.float32)
    return inference.run(model.load("factorized"), "analysis", picture)


@pytest.fixture
def first(place: Path) -> np.ndarray:
    """What the network gives when it is compiled, which leaves one file."""
    found = analysed()
    assert len(list(place.iterdir())) == 1
    return found


def test_kept_network_is_not_compiled_again(first: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "network", pytest.fail)
    assert (analysed() == first).all()


@pytest.mark.parametrize(
    "harm", [lambda whole: whole[:-1], lambda whole: whole[:-9] + b"\0" + whole[-8:], lambda _: b""]
)
def test_damaged_file_is_made_again(place: Path, first: np.ndarray, harm, monkeypatch: pytest.MonkeyPatch) -> None:
    (file,) = place.iterdir()
    file.write_bytes(harm(file.read_bytes()))
    assert (analysed() == first).all()
    monkeypatch.setattr(inference, "network", pytest.fail)
    assert (analysed() == first).all()


def test_networks_used_longest_ago_make_room(place: Path, first: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    (file,) = place.iterdir()
    other = place / ("0" * 32 + ".compiled")
    other.write_bytes(b"older")
    monkeypatch.setattr(graph_store, "MOST_BYTES", 2 * file.stat().st_size)
    file.unlink()
    analysed()
    assert other.exists()
    monkeypatch.setattr(graph_store, "MOST_BYTES", file.stat().st_size)
    file.unlink()
    analysed()
    assert not list(place.iterdir())


def test_nothing_is_kept_where_the_user_wants_none(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(graph_store.VARIABLE, "")
    analysed()
    assert not place.exists()


def test_folder_that_cannot_be_made_costs_time_alone(place: Path) -> None:
    place.parent.write_text("a file, no folder")
    assert analysed().size
