"""The verdict of a sweep says what its cells show, no more."""

import dataclasses
import math
import re
import shutil
from pathlib import Path

from simnet.report.sweeps.differences import against
from simnet.runfolder import sweep_reader
from support import sweep_folders as made
from support.sweep_views import first_view, needed_cell, page_of, said


def test_verdict_states_savings_with_their_interval(whole: Path) -> None:
    words = said(whole)
    assert re.search(r"For 36 dB at the receiver, atn needs 38 % less bandwidth than hevc \(95 % interval", words)
    assert "over 3 seeds" in words
    assert "A small sample: 3 seeds" in words


def test_verdict_names_codecs_that_meet_the_deadline(whole: Path) -> None:
    # 60 and 120 ms at 1000 kbit/s: within 200 ms from 300 and from 600 kbit/s on; measured were 400 and 800.
    words = said(whole)
    assert "95 % of the frames are there within 200 ms: atn from 400 kbit/s on; hevc from 800 kbit/s on." in words
    assert "At 400 kbit/s only atn does." in words


def test_verdict_states_the_gain_of_side_information(whole: Path) -> None:
    # 1.5 dB less half a dB for each 100 ms of age: ages 0, 100, 200 ms in turn; 14, 13 and 13 frames.
    worth = (14 * 1.5 + 13 * 1.0 + 13 * 0.5) / 40
    assert f"Side information is worth +{worth:.2f} dB to atn" in said(whole)
    assert "dB to hevc" not in said(whole)


def test_verdict_calls_a_tie_a_tie(tmp_path: Path) -> None:
    same = made.sweep(tmp_path, codecs=("hevc",))
    for each in list(sweep_reader.read(same).points):
        other = dataclasses.replace(each, codec="other", point=f"o{each.point}", cell=f"o{each.cell}")
        made.ask(same, other)
        shutil.copytree(same / "cells" / each.cell, same / "cells" / other.cell)
    # The luck of seeds is no longer the same for both.
    swap_seeds(same, "other")
    words = said(same)
    assert "dB is sure between" in words
    assert "less bandwidth than" not in words


def swap_seeds(folder: Path, codec: str) -> None:
    """Give a codec's cells of seed 1 to seed 2, and the other way round."""
    found = {(point.settings, point.seed): point for point in sweep_reader.read(folder).points if point.codec == codec}
    for (settings, seed), point in found.items():
        if seed in {1, 2}:
            made.ask(folder, dataclasses.replace(point, cell=found[settings, 3 - seed].cell))


def test_single_seed_is_stated_without_interval(tmp_path: Path) -> None:
    folder = made.sweep(tmp_path, seeds=(0,))
    words = said(folder)
    assert "38 % less bandwidth than hevc (one seed)" in words
    assert "One seed: nothing here has an interval" in words
    assert "95 % interval" not in words
    page = page_of(folder)
    assert not any("fill" in trace for trace in page.plots["psnr-offered"]["data"])
    assert "One seed: no interval can be given." in page.text


def test_single_codec_has_no_comparison(tmp_path: Path) -> None:
    folder = made.sweep(tmp_path, codecs=("hevc",))
    assert "There is one curve, hevc: nothing to compare." in said(folder)
    page = page_of(folder)
    assert "There are no two curves to compare." in page.text
    assert "BD-rate against hevc" not in page.tables


def test_single_bandwidth_compares_quality_there(tmp_path: Path) -> None:
    folder = made.sweep(tmp_path, kbit_s=(800,))
    more = 5 * math.log2(250 / 155)
    assert f"{more:.2f} dB more than hevc (95 % interval" in said(folder)
    assert "At 800 kbit/s, atn delivers" in said(folder)
    assert "Bandwidth was not swept, so what a quality needs of it cannot be read off." in page_of(folder).text


def test_disjoint_curves_have_a_reason_and_no_number(tmp_path: Path) -> None:
    folder = made.sweep(tmp_path, codecs=("hevc",), kbit_s=(100, 125, 150, 175), in_time=True)
    for rate in (100, 125, 150, 175):
        for seed in range(3):
            each = made.ask(folder, made.point("atn", seed, {made.BANDWIDTH: f"{rate:g}kbit/s"}))
            made.cell(folder, each, rate, lift_db=20, in_time=True)
    found = against(first_view(folder), "hevc")["atn"][0]
    assert found.percent is None
    assert "no overlap" in found.reason
    words = said(folder)
    assert "less bandwidth" not in words
    assert "atn has it at 100 kbit/s, the lowest measured, already." in words or "hevc does not reach it" in words
    assert "no overlap" in page_of(folder).text


def test_cliff_gives_two_bandwidths_without_percentage(tmp_path: Path) -> None:
    # 5 dB a doubling: from 80 to 320 kbit/s quality rises by 10 dB, and both curves cross 30 dB in between.
    folder = made.sweep(tmp_path, kbit_s=(80, 320), seeds=(0, 2), in_time=True)
    words = said(folder)
    assert "For 30 dB at the receiver, atn needs between 80.0 and 320 kbit/s (over 2 seeds" in words
    assert "(between 80.0 and 320 kbit/s) is not known: bandwidths there are measured too far apart." in words
    assert "bandwidth than" not in words
    assert needed_cell(folder, "hevc", "30 dB") == "80.0 … 320"


def test_disjoint_brackets_give_the_least_saving(tmp_path: Path) -> None:
    rates = (10, 30, 100, 800)
    folder = made.sweep(tmp_path, codecs=("hevc",), kbit_s=rates)
    for rate in rates:
        for seed in range(3):
            each = made.ask(folder, made.point("atn", seed, {made.BANDWIDTH: f"{rate:g}kbit/s"}))
            made.cell(folder, each, rate, lift_db=15, in_time=True)
    # 30 dB at 155 kbit/s less three doublings, and at 250 kbit/s: from 10 to 30, and from 100 to 800.
    words = said(folder)
    assert (
        "For 30 dB at the receiver, atn needs at least 70 % less bandwidth than hevc (between 100 and 800 kbit/s)."
        in words
    )
    assert "It needs between 10.0 and 30.0 kbit/s a stream (over 3 seeds" in words


def test_quality_where_most_frames_are_late_is_no_headline(tmp_path: Path) -> None:
    rates = (10, 30, 100, 800)
    folder = made.sweep(tmp_path, codecs=("hevc",), kbit_s=rates)
    for rate in rates:
        for seed in range(3):
            each = made.ask(folder, made.point("atn", seed, {made.BANDWIDTH: f"{rate:g}kbit/s"}))
            made.cell(folder, each, rate, lift_db=15)
    words = said(folder)
    assert "For 30 dB at the receiver, hevc needs between 100 and 800 kbit/s" in words
    assert "Where atn would reach it, most frames are late." in words
    assert "bandwidth than" not in words


def test_single_place_with_late_frames_compares_no_quality(tmp_path: Path) -> None:
    words = said(made.sweep(tmp_path, kbit_s=(20,)))
    assert "Nowhere have two curves most of their frames in time: no quality is compared." in words
    assert "delivers" not in words


def test_few_frames_cause_a_remark(tmp_path: Path) -> None:
    assert "as few as 20 frames" in said(made.sweep(tmp_path, frames=10, kbit_s=(200, 400)))
