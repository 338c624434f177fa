"""Metrics besides PSNR and MS-SSIM: FFmpeg's, LPIPS from a file, and those of other packages."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from simnet.errors import InputError, PluginError
from simnet.learn.evaluation import ffmpeg_metrics, perceptual_distance, picture_metrics
from simnet.plugins import METRICS, Plugin

DRAW = np.random.default_rng(2)
ORIGINAL = cv2.GaussianBlur(DRAW.integers(0, 255, (64, 96, 3), np.uint8), (0, 0), 2)
PLUGIN = Plugin(METRICS, "mean-error", "there:it", "there 1.0")


def noisy(sigma: float) -> np.ndarray:
    return np.clip(ORIGINAL + np.random.default_rng(3).normal(0, sigma, ORIGINAL.shape), 0, 255).astype(np.uint8)


def test_xpsnr_falls_with_noise() -> None:
    (metric,) = picture_metrics.open_metrics(["xpsnr"])
    found = [metric(noisy(sigma), ORIGINAL) for sigma in (0, 4, 16)]
    assert found[0] == 100
    assert 100 > found[1] > found[2] + 6 > 20
    assert metric.plain() == {"key": "xpsnr_db", "title": "XPSNR", "unit": "dB", "digits": 2, "higher_is_better": True}


@pytest.mark.parametrize("path", [None, "/usr/bin/ffmpeg"])
def test_missing_filter_is_one_line(path: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg_metrics, "_of_pyav", lambda name: False)
    monkeypatch.setattr(ffmpeg_metrics.shutil, "which", lambda name: path)
    monkeypatch.setattr(ffmpeg_metrics, "_filters", lambda path: frozenset({"psnr"}))
    with pytest.raises(InputError, match=r"metric vmaf: PyAV's FFmpeg has no filter libvmaf, and .*; expected"):
        picture_metrics.open_metrics(["vmaf"])


def test_command_gives_the_scores_where_pyav_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is not started here; what it prints and writes is that of FFmpeg 9."""
    monkeypatch.setattr(ffmpeg_metrics, "_of_pyav", lambda name: False)
    monkeypatch.setattr(ffmpeg_metrics, "_command", lambda name: "ffmpeg")

    def called(command: str, graph: str, picture: np.ndarray, original: np.ndarray, folder: Path) -> str:
        if graph.startswith("libvmaf"):
            (folder / graph.rpartition("=")[2]).write_text('{"pooled_metrics": {"vmaf": {"mean": 79.79}}}')
            return ""
        return "[Parsed_xpsnr_2 @ 0x1] XPSNR  y: 35.2792  u: 37.4  v: 36.9  (minimum: 35.2792)"

    monkeypatch.setattr(ffmpeg_metrics, "_called", called)
    vmaf, xpsnr = picture_metrics.open_metrics(["vmaf", "xpsnr"])
    assert (vmaf(ORIGINAL, ORIGINAL), xpsnr(ORIGINAL, ORIGINAL)) == (79.79, 35.2792)


def save_lpips(file: Path, change: Callable[[dict], object] = lambda state: None) -> Path:
    """Weights of AlexNet's shape, drawn."""
    import torch

    torch.manual_seed(0)
    shapes = {0: (64, 3, 11, 11), 3: (192, 64, 5, 5), 6: (384, 192, 3, 3), 8: (256, 384, 3, 3), 10: (256, 256, 3, 3)}
    state = {}
    for number, (layer, shape) in enumerate(shapes.items()):
        state[f"net.slice{number + 1}.{layer}.weight"] = torch.randn(shape) / np.prod(shape[1:]) ** 0.5
        state[f"net.slice{number + 1}.{layer}.bias"] = torch.zeros(shape[0])
        state[f"lin{number}.model.1.weight"] = torch.rand(1, shape[0], 1, 1)
    change(state)
    torch.save(state, file)
    return file


def test_lpips_grows_with_noise(tmp_path: Path) -> None:
    (metric,) = picture_metrics.open_metrics([], save_lpips(tmp_path / "alex.pt"))
    found = [metric(noisy(sigma), ORIGINAL) for sigma in (0, 4, 16)]
    assert found[0] == 0 < found[1] < found[2]
    assert not metric.higher_is_better
    with pytest.raises(InputError, match="a picture of 30 x 64; expected at least 32 pixels a side"):
        metric(ORIGINAL[:, :30], ORIGINAL[:, :30])


def test_weights_that_are_none_of_lpips_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("no weights")
    wrong = {
        "text.pt": "no file of weights",
        "less.pt": "no lin4; expected the weights of LPIPS",
        "other.pt": "no first convolution of AlexNet or VGG16",
        "shapes.pt": "its weights do not fit each other",
    }
    save_lpips(tmp_path / "less.pt", lambda state: state.pop("lin4.model.1.weight"))
    save_lpips(tmp_path / "other.pt", lambda state: state.pop("net.slice1.0.weight"))
    save_lpips(
        tmp_path / "shapes.pt", lambda state: state.update({"lin0.model.1.weight": state["lin1.model.1.weight"]})
    )
    for name, complaint in wrong.items():
        with pytest.raises(InputError, match=complaint):
            perceptual_distance.open_lpips(tmp_path / name)


def test_metric_of_another_package_is_called_and_checked() -> None:
    class MeanError:
        unit, digits, higher_is_better = "levels", 1, False

        def __call__(self, picture: np.ndarray, original: np.ndarray) -> float:
            return float(np.abs(picture.astype(int) - original).mean())

    metric = picture_metrics.of_plugin(MeanError, PLUGIN)
    assert (metric.key, metric.title, metric.unit, metric.higher_is_better) == (
        "mean_error",
        "mean-error",
        "levels",
        False,
    )
    assert metric(noisy(0), ORIGINAL) == 0
    with pytest.raises(PluginError, match=r"metric mean-error \(package there 1.0\): scored nan"):
        picture_metrics.of_plugin(lambda picture, original: float("nan"), PLUGIN)(ORIGINAL, ORIGINAL)
    with pytest.raises(PluginError, match="scoring failed \\(ZeroDivisionError"):
        picture_metrics.of_plugin(lambda picture, original: 1 / 0, PLUGIN)(ORIGINAL, ORIGINAL)
    with pytest.raises(PluginError, match="expected a function of a picture and its original"):
        picture_metrics.of_plugin(3, PLUGIN)
