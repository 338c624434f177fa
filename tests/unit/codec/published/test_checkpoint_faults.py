"""Checkpoints that are no good: each is one clear line that names what is wrong, and nothing in a file is ever executed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from simnet.codec.published import load_checkpoint
from simnet.errors import ModelError

Checkpoint = Callable[..., Path]


def refused(path: Path, kind: str | None, said: str) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        load_checkpoint(path, kind)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def saved(tmp_path: Path, content: object) -> Path:
    torch.save(content, tmp_path / "checkpoint.pt")
    return tmp_path / "checkpoint.pt"


@pytest.fixture
def state(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    return torch.load(checkpoint("bls17"), weights_only=True)["model_state_dict"]


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def test_file_that_would_run_code_is_refused(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    trap = tmp_path / "trap"
    refused(saved(tmp_path, {"model_state_dict": state, "extra": Evil(trap)}), "bls17", "could run code; refused")
    assert not trap.exists()


def test_non_torch_file_is_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    refused(tmp_path / "missing.pt", None, "No such file")
    refused(tmp_path, None, "Is a directory")
    for content in (b"", b"hello", checkpoint("bls17").read_bytes()[:3000], b"\x80\x02garbage"):
        (tmp_path / "file.pt").write_bytes(content)
        refused(tmp_path / "file.pt", None, "not a torch file")


@pytest.mark.parametrize("content", [{"state_dict": {}}, [1, 2], {"model_state_dict": {}}, {"model_state_dict": 3}])
def test_torch_file_without_entries_is_refused(content: object, tmp_path: Path) -> None:
    refused(saved(tmp_path, content), None, "no model_state_dict")


def test_unnamed_entries_are_refused(tmp_path: Path) -> None:
    refused(saved(tmp_path, {"model_state_dict": {3: torch.zeros(2)}}), None, "no model_state_dict")


def test_wrong_entries_are_named(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    del state["gdn2.beta"]
    state["gdn9.beta"] = torch.zeros(6)
    state["deconv1.bias"] = torch.zeros(7)
    file = saved(tmp_path, {"model_state_dict": state})
    refused(file, "bls17", r"missing: gdn2\.beta; unknown: gdn9\.beta; misshaped: deconv1\.bias \[7\], expected \[6\]")
    refused(file, None, "of no published network")


def test_checkpoint_of_another_network_is_refused(checkpoint: Checkpoint) -> None:
    refused(
        checkpoint("ndic-bls17"),
        "bls17",
        r"not a checkpoint of bls17 \(unknown: .* and \d+ more; misshaped",
    )
    refused(checkpoint("bls17"), "atn-paper", "atn-paper")
    with pytest.raises(ModelError, match="vgg: no published network; expected one of atn-paper"):
        load_checkpoint(checkpoint("bls17"), "vgg")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinity_are_refused(value: float, tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    state["conv2.weight"][1, 2, 3, 4] = value
    refused(
        saved(tmp_path, {"model_state_dict": state}), "bls17", r"entry conv2\.weight: not all of its values are finite"
    )


@pytest.mark.parametrize("value", [torch.zeros(6, dtype=torch.int64), torch.zeros(6).to_sparse(), [0.0] * 6])
def test_non_float_tensor_is_refused(value: object, tmp_path: Path, state: dict[str, Any]) -> None:
    state["conv2.bias"] = value
    refused(
        saved(tmp_path, {"model_state_dict": state}), "bls17", r"entry conv2\.bias: .*expected a dense float tensor"
    )


def test_absurd_sizes_are_refused_before_allocation(tmp_path: Path) -> None:
    huge = torch.zeros(1).expand(200_000, 3, 5, 5)
    refused(
        saved(tmp_path, {"model_state_dict": {"conv1.weight": huge}}), "ndic-bls17", "200000 filters; expected 1 to"
    )
    refused(
        saved(tmp_path, {"model_state_dict": {"conv1.weight": torch.zeros(4)}}),
        "bls17",
        r"shape \[4\]; expected 4 axes",
    )
    refused(
        saved(tmp_path, {"model_state_dict": {"conv2.weight": torch.zeros(4)}}),
        "bls17",
        r"missing: conv1\.weight",
    )


def test_inconsistent_attention_patches_are_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    content = torch.load(checkpoint("atn-paper"), weights_only=True)["model_state_dict"]
    content["ca2.unpack_embedding_y.0.bias"] = torch.zeros(100)
    refused(saved(tmp_path, {"model_state_dict": content}), "atn-paper", r"patches of \(32, 100, 512\) values")


def test_first_released_entry_names_are_known(tmp_path: Path, checkpoint: Checkpoint) -> None:
    """The first NDIC weights call the common information z."""
    content = torch.load(checkpoint("ndic-bls17"), weights_only=True)["model_state_dict"]
    old = {name.replace("_w.", "_z."): value for name, value in content.items()}
    assert set(old) != set(content)
    renamed, present = (
        load_checkpoint(saved(tmp_path, {"model_state_dict": old})),
        load_checkpoint(checkpoint("ndic-bls17")),
    )
    torch.testing.assert_close(dict(renamed.state_dict()), dict(present.state_dict()))


def test_half_precision_is_widened(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    network = load_checkpoint(
        saved(tmp_path, {"model_state_dict": {name: value.half() for name, value in state.items()}})
    )
    assert {value.dtype for value in network.parameters()} == {torch.float32}
