"""Bjontegaard's differences on curves whose answers are known by hand."""

import math

import bjontegaard
import pytest

from simnet.bd_rate import bd_quality, bd_rate, rising


def curve(rates: list[float], qualities: list[float]) -> list[dict[str, float]]:
    return [
        {"bpp": bpp, "psnr_db": psnr_db, "ms_ssim": 1 - 10 ** (-psnr_db / 20)}
        for bpp, psnr_db in zip(rates, qualities, strict=True)
    ]


def line(
    first: float, last: float, *, factor: float = 1.0, lift_db: float = 0.0, count: int = 9
) -> list[dict[str, float]]:
    """5 dB for each doubling of the rate, 30 dB at 0.1 bpp, between two rates; then `factor` of the rate, `lift_db` more."""
    rates = [first * (last / first) ** (k / (count - 1)) for k in range(count)]
    return curve([factor * bpp for bpp in rates], [30 + lift_db + 5 * math.log2(bpp / 0.1) for bpp in rates])


def test_half_the_rate_at_equal_quality_is_minus_fifty_percent() -> None:
    anchor = line(0.05, 1.0)
    delta = bd_rate(anchor, line(0.05, 1.0, factor=0.5), "psnr_db")
    assert delta.value == pytest.approx(-50)
    assert delta.share == 1
    assert (delta.low, delta.high) == (pytest.approx(25), pytest.approx(30 + 5 * math.log2(10)))
    assert bd_rate(anchor, anchor, "ms_ssim").value == pytest.approx(0)


def test_half_the_rate_is_five_decibel_at_equal_rate() -> None:
    delta = bd_quality(line(0.05, 1.0), line(0.05, 1.0, factor=0.5))
    assert delta.value == pytest.approx(5)
    assert (delta.low, delta.high) == (pytest.approx(0.05), pytest.approx(0.5))
    assert delta.share == pytest.approx(math.log(10) / math.log(20))


def test_whole_range_matches_the_bjontegaard_package() -> None:
    anchor, test = (
        curve([0.1, 0.2, 0.4, 0.9, 1.7], [28, 31, 33.5, 36, 38]),
        curve([0.08, 0.3, 0.5, 0.8], [29, 33, 35, 36.5]),
    )
    columns = [[point[key] for point in each] for each in (anchor, test) for key in ("bpp", "psnr_db")]
    options = {"method": "akima", "require_matching_points": False, "min_overlap": 0}
    assert bd_rate(anchor, test, "psnr_db").value == pytest.approx(bjontegaard.bd_rate(*columns, **options))
    assert bd_quality(anchor, test).value == pytest.approx(bjontegaard.bd_psnr(*columns, **options))


def test_rate_range_restricts_the_comparison() -> None:
    """Below 0.4 bpp the codec needs half the anchor's rate, above it twice: a range must not see the other half."""
    rates = [0.05 * 2 ** (k / 2) for k in range(13)]
    quality = [30 + 5 * math.log2(bpp / 0.1) for bpp in rates]
    anchor = curve(rates, quality)
    codec = curve([bpp * (0.5 if bpp < 0.41 else 2) for bpp in rates], quality)
    low = bd_rate(anchor, codec, "psnr_db", (0.06, 0.2))
    assert low.value == pytest.approx(-50, abs=1e-6)
    # The end points lie between the anchor's points, and are interpolated on its curve.
    assert (low.low, low.high) == (pytest.approx(30 + 5 * math.log2(0.6)), pytest.approx(35))
    assert low.share == 1
    assert bd_rate(anchor, codec, "psnr_db", (1.0, 3.0)).value == pytest.approx(100, abs=1e-6)
    assert bd_quality(anchor, codec, "psnr_db", (0.06, 0.12)).value == pytest.approx(5, abs=1e-6)


def test_only_the_common_range_counts() -> None:
    delta = bd_rate(line(0.05, 0.8), line(0.2, 0.8, factor=0.5), "psnr_db", (0.05, 0.4))
    assert delta.value == pytest.approx(-50)
    assert (delta.low, delta.high) == (pytest.approx(35), pytest.approx(40))
    assert delta.share == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("test", "rates", "reason"),
    [
        (
            line(0.05, 0.8, lift_db=40),
            None,
            "no overlap: the anchor has 25.00 to 45.00 dB, the curve 65.00 to 85.00 dB",
        ),
        (line(0.7, 3.0), None, "the curves share only 5 % of the anchor's interval"),
        (line(0.05, 0.8, count=3), None, "the curve has 3 rising points; 4 are needed"),
        (line(0.05, 0.8), (2.0, 4.0), "the anchor has no rate within 2.000 to 4.000 bpp"),
        (line(0.4, 0.8), (0.05, 0.2), "no overlap: the anchor has 25.00 to 35.00 dB, the curve 40.00 to 45.00 dB"),
    ],
)
def test_disjoint_curves_have_a_reason(test: list, rates: tuple | None, reason: str) -> None:
    delta = bd_rate(line(0.05, 0.8), test, "psnr_db", rates)
    assert (delta.value, delta.low, delta.share) == (None, None, None)
    assert delta.reason == reason


def test_disjoint_rates_have_a_reason() -> None:
    assert "no overlap: the anchor has 0.050 to 0.100 bpp" in bd_quality(line(0.05, 0.1), line(0.2, 0.8)).reason
    assert "4 are needed" in bd_quality(line(0.05, 0.1, count=2), line(0.2, 0.8)).reason
    assert "no rate within" in bd_quality(line(0.05, 0.1), line(0.05, 0.8), "psnr_db", (1.0, 2.0)).reason


def test_dominated_points_are_left_out() -> None:
    points = curve([0.4, 0.1, 0.2, 0.3, 0.2], [33, 30, 32, 31, 31.5])
    rates, qualities = rising(points, "psnr_db")
    assert (10**rates).tolist() == pytest.approx([0.1, 0.2, 0.4])
    assert qualities.tolist() == [30, 32, 33]


def test_saturated_curves_stay_within_measured_rates() -> None:
    rates = (400, 700, 1000, 2000)
    anchor, curve = (
        [{"kbit_s": rate, "ms_ssim": quality} for rate, quality in zip(rates, qualities, strict=True)]
        for qualities in ((0.2, 0.8, 0.801, 0.802), (0.5, 0.8005, 0.8015, 0.8025))
    )
    wild = bd_rate(anchor, curve, "ms_ssim", rate="kbit_s").value
    tame = bd_rate(anchor, curve, "ms_ssim", rate="kbit_s", method="pchip").value
    assert wild is not None
    assert wild > 100 * (rates[-1] / rates[0] - 1)
    assert tame is not None
    assert -50 < tame < 0
