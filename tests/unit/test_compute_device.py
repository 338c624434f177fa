"""Where the device comes from, and what is said where there is none."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

import simnet
from simnet import cli, compute_device, processor
from simnet.engine.cached import store_keys
from simnet.errors import InputError
from simnet.sweeps import cell_identity, cell_runner

NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
LINE = (
    f"torch {torch.__version__} finds no GPU on this machine; expected an NVIDIA GPU, its driver, a CUDA build of torch, "
    "and onnx, or {} cpu"
)


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(compute_device.VARIABLE, raising=False)


def test_device_holds_in_its_block_and_in_processes_of_the_block() -> None:
    assert compute_device.chosen() == "cpu"
    with compute_device.using("torch-cpu"):
        assert compute_device.chosen() == "torch-cpu"
        assert os.environ[compute_device.VARIABLE] == "torch-cpu"
        with compute_device.using("cpu"):
            assert compute_device.chosen() == "cpu"
        with compute_device.using(None):
            assert compute_device.torch_name() == "cpu"
    assert compute_device.VARIABLE not in os.environ


@NO_GPU
@pytest.mark.parametrize(
    "command",
    [
        ["run", "stereo_pair"],
        ["check", "stereo_pair"],
        ["sweep", "stereo_pair", "--out", "swept"],
        ["evaluate", "--data", "pairs:none"],
        ["encode", "picture.png", "-o", "picture.snet"],
        ["decode", "picture.snet", "-o", "decoded.png"],
        ["camera", "stereo_pair", "--node", "rig_left", "--connect", "ipc://none"],
        ["fusion", "stereo_pair", "--connect", "ipc://none"],
    ],
    ids=lambda command: command[0],
)
def test_command_without_a_gpu_says_so_and_does_nothing(
    command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status = cli.main([*command, "--device", "cuda"])
    told = capsys.readouterr()
    assert (status, told.out) == (InputError.exit_status, "")
    assert told.err == f"simnet: error: --device cuda: {LINE.format('--device')}\n"
    assert not list(tmp_path.iterdir())


@NO_GPU
def test_environment_without_a_gpu_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compute_device.VARIABLE, "cuda")
    with pytest.raises(InputError) as told:
        simnet.run("stereo_pair")
    assert str(told.value) == f"SIMNET_DEVICE=cuda: {LINE.format('SIMNET_DEVICE=').replace('= ', '=')}"


def test_unknown_devices_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(compute_device.VARIABLE, "gpu")
    with pytest.raises(InputError, match="SIMNET_DEVICE=gpu: unknown device; expected one of cpu, cuda"):
        compute_device.chosen()
    assert cli.main(["run", "stereo_pair", "--device", "torch-cpu"]) == InputError.exit_status
    assert "expected one of: cpu, cuda" in capsys.readouterr().err


def test_missing_torch_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(compute_device, "imported", missing)
    with pytest.raises(InputError, match=r"--device cuda: torch is not installed here; expected .* or --device cpu"):
        compute_device.check("cuda", "--device cuda")


def test_stored_frames_and_cells_of_devices_are_apart() -> None:
    scenario = simnet.load("stereo_pair", ["streams.*.codec=jpeg"])
    here = (
        cell_identity.CellNames().name(scenario),
        store_keys.made_by("simnet.codec.registry"),
        compute_device.described(),
    )
    with compute_device.using("torch-cpu"):
        there = (
            cell_identity.CellNames().name(scenario),
            store_keys.made_by("simnet.codec.registry"),
            compute_device.described(),
        )
    assert not set(here) & set(there)
    assert here[2] == processor.processor()
    assert there[2] == f"{processor.processor()}; networks on its torch (torch {torch.__version__})"


def test_worker_on_another_device_says_so(tmp_path: Path) -> None:
    scenario = simnet.load("stereo_pair", ["streams.*.codec=jpeg"])
    task = cell_runner.CellTask("0" * 16, scenario, (), "", "", tmp_path, tmp_path / "store", 1 << 20, device="cuda")
    told = cell_runner.make(task).failed
    assert told == "a worker computes on cpu, the command on cuda; expected SIMNET_DEVICE=cuda in its environment"


def test_files_are_coded_on_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    cv2.imwrite("picture.png", image)
    seen: list[str] = []
    opened = compute_device.torch_name
    monkeypatch.setattr(compute_device, "torch_name", lambda: seen.append("asked") or opened())
    monkeypatch.setenv(compute_device.VARIABLE, "torch-cpu")
    assert cli.main(["encode", "picture.png", "--codec", "factorized", "-o", "picture.snet"]) == 0
    assert seen
    seen.clear()
    assert cli.main(["decode", "picture.snet", "-o", "decoded.png", "--device", "cpu"]) == 0
    assert not seen
    assert cv2.imread("decoded.png").shape == (32, 32, 3)
