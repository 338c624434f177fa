"""The scripts of `docs/howto/borrowed_gpu.md`: pack, train on the machine without simnet, unpack; here on a processor."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from simnet import codec

SCRIPTS = Path(__file__).parents[3] / "examples" / "borrowed_gpu"


def _script(script: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, script, *map(str, arguments)], capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
    )  # fmt: skip


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """Two pairs of a drive that shifts sideways."""
    wide = cv2.resize(np.random.default_rng(3).integers(0, 255, (12, 40, 3), np.uint8), (320, 136))
    for side, shift in (("left", 0), ("right", 6)):
        (tmp_path / "drive" / side).mkdir(parents=True)
        for time in range(2):
            view = wide[:, shift + 4 * time :][:, :280]
            cv2.imwrite(str(tmp_path / "drive" / side / f"{time:03d}.png"), view)
    return tmp_path / "drive"


def test_pack_trains_without_simnet_and_comes_back_as_models(drive: Path, tmp_path: Path) -> None:
    pack, checkpoint, models = tmp_path / "pack", tmp_path / "checkpoint.pt", tmp_path / "trained"
    packed = _script(SCRIPTS / "pack.py", pack, "--pairs", drive)
    assert packed.returncode == 0, packed.stderr
    few = ("--seconds", "0.1", "--crops", "1", "--pairs", "2", "--pool", "32", "--workers", "2")
    trained = _script(pack / "train.py", *few, PYTHONPATH="", PYTHONSAFEPATH="")
    assert trained.returncode == 0, trained.stderr
    parts = sorted((pack / "state").glob("part_*.pt"))
    assert len(parts) > 1
    assert max(part.stat().st_size for part in parts) < 16 << 20
    unpacked = _script(SCRIPTS / "unpack.py", pack / "state", checkpoint, "--models", models)
    assert unpacked.returncode == 0, unpacked.stderr
    assert set(torch.load(checkpoint, weights_only=True)) == {
        name for part in parts for name in torch.load(part, weights_only=True)
    }
    picture = np.ascontiguousarray(cv2.imread(str(drive / "left" / "000.png"))[:64, :128])
    encoder = codec.open_encoder("atn", 128, 64, str(models / "atn"))
    decoded = codec.open_decoder(encoder.announcement).decode(encoder.encode(picture, 0.9, key=True), [])
    assert np.square(decoded.picture.astype(float) - picture).mean() < 400


def test_pack_stays_below_its_limit_or_says_that_it_cannot(drive: Path, tmp_path: Path) -> None:
    refused = _script(SCRIPTS / "pack.py", tmp_path / "pack", "--pairs", drive, "--most-mib", "0.05")
    assert refused.returncode == 1
    assert "fits into" in refused.stderr
    assert "Traceback" not in refused.stderr
