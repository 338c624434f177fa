"""Bootstrap of an evaluation: what is drawn together, and how wide its intervals are."""

import numpy as np
import pytest

from simnet.bd_rate import bd_quality, bd_rate
from simnet.learn.evaluation import bootstrap
from simnet.learn.evaluation.evaluation_rows import PictureScore, curve
from simnet.learn.evaluation.evaluation_summary import Comparison, summary
from simnet.learn.evaluation.picture_metrics import PictureMetric

DRAW = np.random.default_rng(5)
LUCK = DRAW.normal(0, 2, (3, 8))
"""What each picture of each drive adds to every codec's quality, in dB."""


def scores(codec: str, gain_db: float, noise_db: float = 0.0, drives: int = 3) -> list[PictureScore]:
    found = []
    for drive in range(drives):
        for picture in range(8):
            own = LUCK[drive, picture] + gain_db + noise_db * DRAW.normal()
            for quality in (0.0, 0.25, 0.5, 0.75, 1.0):
                size = round(100 * 16**quality)
                psnr = 26 + 10 * quality + own
                more = {"loss": 1 / psnr}
                found.append(
                    PictureScore(
                        codec,
                        "",
                        "d",
                        str(picture),
                        "left",
                        quality,
                        "none",
                        0,
                        size,
                        4096,
                        psnr,
                        0.9,
                        f"{drive}",
                        more,
                    )
                )
    return found


def test_drives_then_pictures_are_drawn() -> None:
    drawn = bootstrap.resampled(scores("a", 0), 200)
    assert drawn is not None
    assert (drawn.drives, len(drawn.units), drawn.counts.shape) == (3, 24, (200, 24))
    assert (drawn.counts.sum(axis=1) == 24).all()
    by_drive = drawn.counts.reshape(200, 3, 8).sum(axis=2)
    assert set(np.unique(by_drive)) == {0, 8, 16, 24}
    again = bootstrap.resampled(scores("a", 0), 200)
    assert again is not None
    assert (again.counts == drawn.counts).all()


def test_replicates_of_the_same_pairs_name_the_first() -> None:
    """Two pairs of one drive can be drawn in three ways; their differences are computed three times."""
    drawn = bootstrap.resampled([each for each in scores("a", 0, drives=1) if each.picture in {"0", "1"}], 100)
    assert drawn is not None
    assert len(set(drawn.firsts)) == 3
    for number, first in enumerate(drawn.firsts):
        assert first <= number
        assert (drawn.counts[first] == drawn.counts[number]).all()


def test_single_pair_has_no_interval() -> None:
    assert bootstrap.resampled([each for each in scores("a", 0, drives=1) if each.picture == "0"], 100) is None
    assert bootstrap.resampled(scores("a", 0), 0) is None


def test_replicate_of_every_picture_once_is_the_curve() -> None:
    own = scores("a", 0)
    drawn = bootstrap.resampled(own, 2)
    assert drawn is not None
    drawn.counts[:] = 1
    for points in bootstrap.curves(own, drawn, ["psnr_db", "ms_ssim"]):
        assert [p["psnr_db"] for p in points] == pytest.approx([p["psnr_db"] for p in curve(own)])
        assert [p["bpp"] for p in points] == pytest.approx([p["bpp"] for p in curve(own)])


def test_equal_gain_of_all_pictures_is_sure_though_pictures_differ() -> None:
    """Codecs are compared on the same pictures: what these add to both does not count."""
    found = summary([*scores("a", 0), *scores("b", 1.0)], Comparison(["a"], replicates=100))
    gain, rate = (found["comparisons"]["a"]["b"][name] for name in ("bd_psnr", "bd_rate_psnr"))
    assert gain["value"] == pytest.approx(1.0)
    assert (gain["interval_low"], gain["interval_high"]) == pytest.approx((1.0, 1.0))
    assert rate["interval_low"] == pytest.approx(rate["value"], rel=0.02)
    ends = found["points"]["a"][2]
    assert ends["psnr_db_high"] - ends["psnr_db_low"] > 0.5
    curves = [curve(scores(name, gain)) for name, gain in (("a", 0), ("b", 1.0))]
    assert rate["value"] == bd_rate(*curves, "psnr_db").value
    assert gain["value"] == bd_quality(*curves).value


def test_interval_covers_the_spread_of_gains() -> None:
    found = summary([*scores("a", 0), *scores("b", 0.0, noise_db=1.0)], Comparison(["a"], replicates=200))
    gain = found["comparisons"]["a"]["b"]["bd_psnr"]
    # A mean of 24 gains that spread by 1 dB: about 0.2 dB on either side, twice that for 95 %.
    assert 0.4 < gain["interval_high"] - gain["interval_low"] < 1.6
    assert gain["interval_low"] < gain["value"] < gain["interval_high"]


def test_less_of_a_metric_can_be_better() -> None:
    loss = PictureMetric("loss", "Loss", "", 4, False, lambda picture, original: 0.0)
    found = summary([*scores("a", 0), *scores("b", 1.0)], Comparison(["a"], metrics=[loss], replicates=20))
    delta = found["comparisons"]["a"]["b"]["bd_rate_loss"]
    assert delta["value"] < -5
    assert delta["interval_low"] <= delta["value"] <= delta["interval_high"]
