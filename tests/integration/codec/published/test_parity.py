"""The published networks match the authors' implementations and pinned figures."""

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from simnet.codec.published import entries, load_checkpoint, published_kinds
from support.places import SHARED

GOLDEN = SHARED / "golden"
CASES = ["cross_attention_16", "ndic_bls17_16", "ndic_bmshj18_192", "bls17_16", "bmshj18_192"]
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason=f"no reference outputs in {GOLDEN}")


@pytest.fixture(scope="module")
def weights() -> ModuleType:
    """What the reference outputs were made with."""
    spec = importlib.util.spec_from_file_location("golden_weights", GOLDEN / "weights.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shapes(case: str) -> dict[str, tuple[int, ...]]:
    name, _, filters = case.rpartition("_")
    found = json.loads((GOLDEN / f"entries_{filters}.json").read_text())[name]
    return {entry: tuple(shape) for entry, shape in found.items()}


def apart(found: torch.Tensor, expected: np.ndarray) -> float:
    """Relative error, by the largest and by the norm: the greater of them."""
    difference = found.numpy() - expected
    by_largest = np.abs(difference).max() / np.abs(expected).max()
    return float(max(by_largest, np.linalg.norm(difference) / np.linalg.norm(expected)))


@needs_golden
@pytest.mark.parametrize("case", CASES)
def test_outputs_match_the_authors(case: str, weights: ModuleType, tmp_path: Path) -> None:
    state = {name: torch.from_numpy(weights.fill(name, shape)) for name, shape in shapes(case).items()}
    torch.save({"model_state_dict": state}, tmp_path / "checkpoint.pt")
    network = load_checkpoint(tmp_path / "checkpoint.pt", case.rpartition("_")[0])
    assert network.numbers.channels == int(case.rpartition("_")[2])
    x, y = (torch.from_numpy(weights.image(name, 128, 256)) for name in "xy")
    with torch.no_grad():
        output = network(x, y)
    expected = np.load(GOLDEN / f"{case}.npz")
    assert apart(output.x_hat, expected["x_hat"]) < 1e-4
    assert apart(output.latent_x, expected["latent_x"]) < 1e-4
    assert output.bpp.item() == pytest.approx(float(expected["bpp"]), rel=1e-4)
    if "y_hat" in expected:
        assert output.y_hat is not None
        assert apart(output.y_hat, expected["y_hat"]) < 1e-4
    else:
        assert output.y_hat is None


@needs_golden
@pytest.mark.parametrize("case", CASES)
def test_checkpoint_entries_match_the_authors(case: str) -> None:
    kind, found = published_kinds.find(case.rpartition("_")[0]), shapes(case)
    expected = entries.entries(kind, entries.read_numbers(kind, found))
    assert {name: entry.shape for name, entry in expected.items()} == found


PINNED = {
    "atn-paper": (0.125967, 1.35601, 0.41043),
    "ndic-bls17": (0.125967, 0.52056, 0.41043),
    "ndic-bmshj18": (0.093172, 0.52056, 0.41043),
    "bls17": (0.129934, 0.21500),
    "bmshj18": (0.094282, 1.00790),
}
"""Untrained networks of six filters: bpp, root mean square of x_hat and of y_hat; measured when the outputs were the authors'."""


@pytest.mark.parametrize("name", PINNED)
def test_outputs_match_pinned_figures(
    name: str, checkpoint: Callable[..., Path], pair: tuple[np.ndarray, np.ndarray]
) -> None:
    network = load_checkpoint(checkpoint(name))
    with torch.no_grad():
        output = network(*(torch.from_numpy(each) for each in pair))
    found = [output.bpp.item(), output.x_hat.square().mean().sqrt().item()]
    found += [] if output.y_hat is None else [output.y_hat.square().mean().sqrt().item()]
    assert found == pytest.approx(PINNED[name], rel=5e-3)


def test_network_sizes_match_the_papers() -> None:
    """29.7 M parameters in all and 2.9 M on the sending side (ATN, WACV 2023)."""
    expected = entries.entries(published_kinds.KINDS["atn-paper"], entries.Numbers(192, (32, 128, 512)))
    counts = {name: int(np.prod(entry.shape)) for name, entry in expected.items()}
    sent = [count for name, count in counts.items() if re.match(r"(conv|gdn)\d\.", name)]
    assert sum(counts.values()) == pytest.approx(29.7e6, rel=2e-3)
    assert sum(sent) == pytest.approx(2.9e6, rel=5e-3)


@pytest.mark.parametrize("name", published_kinds.KINDS)
@pytest.mark.parametrize("filters", [1, 3, 8])
def test_number_of_filters_is_read_from_the_checkpoint(
    name: str, filters: int, checkpoint: Callable[..., Path]
) -> None:
    network = load_checkpoint(checkpoint(name, filters))
    assert network.numbers.channels == filters
    picture = torch.rand(1, 3, 128, 256)
    with torch.no_grad():
        output = network(picture, picture)
    assert output.x_hat.shape == picture.shape
    assert output.latent_x.shape == (1, filters, 8, 16)
    assert output.bpp > 0


def test_training_noise_matches_the_authors(checkpoint: Callable[..., Path]) -> None:
    network = load_checkpoint(checkpoint("ndic-bmshj18")).train()
    picture = torch.rand(1, 3, 64, 64)
    first, second = (network(picture, picture) for _ in range(2))
    assert not torch.equal(first.likelihoods["x"], second.likelihoods["x"])
    assert not torch.equal(first.likelihoods["w"], second.likelihoods["w"])
    # What is never sent is never quantised.
    torch.testing.assert_close(first.likelihoods["z_y"], second.likelihoods["z_y"])
    first.bpp.backward()
    assert network.analysis["x"][0].conv.weight.grad.abs().sum() > 0


def test_no_side_picture_means_no_side_path(checkpoint: Callable[..., Path]) -> None:
    network = load_checkpoint(checkpoint("atn-paper"))
    picture = torch.rand(1, 3, 128, 256)
    with torch.no_grad():
        alone, output = network(picture), network(picture, picture)
        again = network.decode(torch.round(output.latent_x))
    assert alone.y_hat is None
    torch.testing.assert_close(alone.x_hat, again)
    assert not torch.allclose(alone.x_hat, output.x_hat)
