"""`simnet evaluate`: its arguments and its results."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import simnet
from simnet.cli import main
from simnet.codec import registry
from simnet.errors import InputError
from simnet.learn.evaluation import evaluation_options
from simnet.learn.evaluation.drives import Fit
from simnet.learn.evaluation.evaluation_pairs import list_tasks
from simnet.learn.evaluation.evaluator import evaluate
from simnet.learn.evaluation.example_pictures import common_rate
from support import looking_codec


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> str:
    """A codec that uses side information and says where it looked, registered for one test."""
    monkeypatch.setitem(registry.FAMILIES, looking_codec.__name__, (looking_codec.NAME,))
    return looking_codec.NAME


def result_of(arguments: list[str], capsys: pytest.CaptureFixture) -> dict:
    """What the command prints; without the codecs that it adds, and without intervals, unless a test is about them."""
    assert main(["evaluate", "--no-rivals", "--bootstrap", "0", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_evaluation_measures_and_writes_everything(
    drive: str, looking: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    arguments = ["--codec", f"{looking},jpeg", "--offset", "0:2", "--qualities", "0,0.2,0.4,0.6", "--rates", "0.1:6"]
    result = result_of(["--data", drive, *arguments, "--out", str(tmp_path / "page")], capsys)
    assert set(result["points"]) == {looking, "jpeg"}
    assert set(result["points"]["jpeg"][0]) == {"quality", "bpp", "psnr_db", "ms_ssim"}
    assert result["complexity"]["jpeg"]["encode_kmac"] is None
    assert result["complexity"]["jpeg"]["decode_ms"] > 0
    # The same bytes: without side information the decoder gives what JPEG gives, with it more, unrelated less.
    assert result["controls"][looking]["none"] == result["points"]["jpeg"]
    assert result["bd_rate"]["jpeg"]["psnr"] == pytest.approx(0, abs=1e-6)
    assert result["bd_rate"][looking]["psnr"] < -5
    assert result["bd_psnr"][looking] > 0.3
    gains = result["side_information"][looking]
    assert gains["with"]["bd_psnr"]["value"] == pytest.approx(result["bd_psnr"][looking])
    assert gains["unrelated"]["bd_psnr"]["value"] < gains["with"]["bd_psnr"]["value"]
    assert result["unrelated"] == "pictures of the same drive, half its length away"
    assert (tmp_path / "page" / "evaluation.html").stat().st_size < 8_000_000
    with (tmp_path / "page" / "pictures.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    # looking: with at 3 offsets (5 and 4 pictures are left at 1 and 2), none, unrelated; jpeg: none.
    assert len(rows) == 4 * ((6 + 5 + 4) + 6 + 6 + 6)
    assert {row["way"] for row in rows} == {"with", "none", "unrelated"}
    assert all(float(row["bpp"]) == 8 * int(row["size_bytes"]) / (96 * 64) for row in rows)


def test_offset_gain_uses_only_pictures_with_side_pictures(
    drive: str, looking: str, capsys: pytest.CaptureFixture
) -> None:
    result = result_of(["--data", drive, "--codec", looking, "--offset", "0,5", "--qualities", "0.2"], capsys)
    at_once, later = result["offsets"][looking]
    assert (at_once["offset"], at_once["pictures"], at_once["kept"]) == (0, 6, 1.0)
    # At 5 frames the match is 28 pixels aside, beyond where the decoder looks; one picture alone has a side picture.
    assert (later["offset"], later["pictures"]) == (5, 1)
    assert later["gain_db"] < at_once["gain_db"]
    assert later["kept"] < 0.5


def test_curves_use_the_first_offset(drive: str, looking: str, capsys: pytest.CaptureFixture) -> None:
    result = result_of(["--data", drive, "--codec", looking, "--offset", "2", "--qualities", "0.2"], capsys)
    assert (result["pictures"], result["left_out"]) == (4, 2)
    assert result["offsets"][looking][0]["kept"] is None
    gain = result["points"][looking][0]["psnr_db"] - result["controls"][looking]["none"][0]["psnr_db"]
    assert result["offsets"][looking][0]["gain_db"] == pytest.approx(gain)


def test_threads_change_no_result(drive: str, looking: str) -> None:
    one, many = (evaluate([drive], [looking, "webp"], [0.1, 0.5], None, jobs=jobs) for jobs in (1, 3))
    assert one["scores"] == many["scores"]


def test_fixed_rate_models_form_one_curve(drive: str, looking: str) -> None:
    grouped = evaluate([drive], [f"{looking}=fixed;fixed-not", "jpeg"], [0.1, 0.5, 0.9], "jpeg")
    fixed, *rest = (score for score in grouped["scores"] if score["model"] == "fixed" and score["way"] == "none")
    assert {score["quality"] for score in [fixed, *rest]} == {0.1}
    assert len(grouped["points"][f"{looking}=fixed;fixed-not"]) == 4
    reason = evaluate([drive], [f"{looking}=fixed", "jpeg"], [0.1, 0.5, 0.9], "jpeg")["comparisons"]["jpeg"]
    assert reason[f"{looking}=fixed"]["bd_rate_psnr"]["reason"].endswith("4 are needed")


def test_every_codec_is_compared_with_every_anchor(drive: str, capsys: pytest.CaptureFixture) -> None:
    arguments = ["--codec", "jpeg,webp,avif", "--qualities", "0,0.2,0.4,0.6,0.8", "--rates", "all", "--anchor"]
    result = result_of(["--data", drive, *arguments, "all"], capsys)
    assert result["anchors"] == ["avif", "jpeg", "webp"]
    there, back = (
        result["comparisons"][a][b]["bd_rate_psnr"]["value"] for a, b in (("jpeg", "webp"), ("webp", "jpeg"))
    )
    assert there * back < 0
    assert main(["evaluate", "--data", drive, "--no-rivals", *arguments, "webp,jpeg", "--bootstrap", "0"]) == 0
    shown = capsys.readouterr().out
    assert "Against webp" in shown
    assert "BD-PSNR, row against column" in shown
    assert "6 pictures of pairs:" in shown


def test_intervals_rival_metric_and_files(drive: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "paper"
    arguments = ["--codec", "jpeg,webp", "--qualities", "0,0.3,0.6,1", "--rates", "all", "--metrics", "xpsnr"]
    files = ["--out", str(out), "--figures", "svg", "--tables", "csv,latex"]
    assert main(["evaluate", "--data", drive, *arguments, *files, "--bootstrap", "50", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["anchors"] == ["webp", "hevc-intra"]
    assert result["bootstrap"] == {"replicates": 50, "drives": 1, "pairs": 6}
    for anchor, codec in (("webp", "jpeg"), ("hevc-intra", "webp")):
        for measure in ("bd_rate_psnr", "bd_rate_xpsnr", "bd_psnr"):
            delta = result["comparisons"][anchor][codec][measure]
            assert delta["interval_low"] <= delta["value"] <= delta["interval_high"]
    assert all(point["psnr_db_low"] <= point["psnr_db"] <= point["psnr_db_high"] for point in result["points"]["jpeg"])
    assert result["points"]["webp"][-1]["xpsnr_db"] > 20
    assert {file.name for file in (out / "figures").iterdir()} == {
        f"curve-{m}.svg" for m in ("psnr-db", "ms-ssim", "xpsnr-db")
    }
    assert (out / "tables" / "against-hevc-intra.tex").is_file()
    assert "more bits than hevc-intra" in (out / "tables" / "verdict.csv").read_text()
    assert main(["report", str(out), "--tables", "csv"]) == 0
    assert main(["report", str(out)]) == 2
    assert "expected --figures or --tables" in capsys.readouterr().err
    report = simnet.Report.open(out)
    assert isinstance(report, simnet.EvaluationReport)
    assert len(report.pictures) == 3 * 4 * 6
    assert report.pictures["xpsnr_db"].gt(10).all()
    assert set(report.points["codec"]) == {"jpeg", "webp", "hevc-intra"}
    assert report.differences.query("anchor == 'hevc-intra' and measure == 'bd_rate_psnr'")["value"].gt(0).all()
    assert report.complexity.loc["webp", "encode_ms"] > 0
    assert report.plot().axes[0].get_ylabel() == "PSNR (dB)"
    assert report.page.name == "evaluation.html"


def test_python_evaluates_like_the_command(drive: str, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    options = {"qualities": np.array([0.6, 0.2]), "rivals": False, "bootstrap": 0, "examples": 0, "jobs": 1}
    report = simnet.evaluate(drive, "jpeg", out=tmp_path / "it", rates=None, psnr_rates=None, **options)
    assert capfd.readouterr() == ("", "")
    assert list(report.points["quality"]) == [0.2, 0.6]
    assert report.verdict[0].startswith("Without a bootstrap")
    assert "jpeg" not in report._repr_html_()
    with pytest.raises(InputError, match="holds an evaluation already"):
        simnet.evaluate(drive, "jpeg", out=tmp_path / "it")
    with pytest.raises(InputError, match=r"rates \(0.4, 0.1\): expected \(low, high\)"):
        simnet.evaluate(drive, "jpeg", rates=(0.4, 0.1))
    with pytest.raises(InputError, match="qualities 3: expected a list"):
        simnet.evaluate(drive, "jpeg", qualities=3)


def test_single_pair_has_no_unrelated_control(
    save_drive: Callable[..., None], looking: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    save_drive(tmp_path / "one", 4, 1)
    result = result_of(["--data", f"pairs:{tmp_path / 'one'}", "--codec", looking, "--qualities", "0.5"], capsys)
    assert set(result["controls"][looking]) == {"none"}
    assert result["unrelated"] == ""


def test_examples_use_a_rate_all_codecs_reach() -> None:
    curves = [[{"bpp": low}, {"bpp": high}] for low, high in ((0.1, 1.0), (0.2, 3.0))]
    assert common_rate(curves, None) == pytest.approx((0.2 * 1.0) ** 0.5)
    assert common_rate(curves, (0.05, 0.4)) == pytest.approx((0.2 * 0.4) ** 0.5)
    assert common_rate([*curves, [{"bpp": 4.0}]], None) == pytest.approx((0.1 * 4.0) ** 0.5)


def test_examples_share_a_rate_and_are_explained(drive: str, looking: str) -> None:
    qualities = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1]
    result = evaluate([drive], [looking, "webp"], qualities, None, offsets=[0, 1, 2], examples=2)
    assert [example.name for example in result["examples"]] == ["00, left view", "03, left view"]
    example = result["examples"][0]
    assert set(example.sides) == {0, 2}
    assert [(shown.codec, shown.offset) for shown in example.shown] == [(looking, 0), (looking, 2), ("webp", None)]
    wanted = common_rate(list(result["points"].values()), None)
    assert all(shown.bpp == pytest.approx(wanted, rel=0.25) for shown in example.shown)
    assert [said.offset for said in example.explained] == [0, 2]
    # X is 8 pixels behind Y: a patch of X lies 8 pixels further left in Y.
    said = example.explained[0]
    best = said.matches[4, 6, 0]
    assert best[1] == pytest.approx(6 * 8 + 4 - 8, abs=1)
    assert said.common.psnr_db > 20


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--codec", "h266"], "h266: unknown codec"),
        (["--codec", "jpeg,jpeg"], "names a codec twice"),
        (["--codec", "jpeg,,webp"], "expected codecs with a comma"),
        (["--codec", "factorized=/nowhere"], "/nowhere: unknown model"),
        (["--codec", "jpeg", "--anchor", "webp"], "anchor webp: not among"),
        (["--codec", "jpeg", "--qualities", "0,2"], "--qualities 0,2"),
        (["--codec", "jpeg", "--qualities", "x"], "--qualities x"),
        (["--codec", "jpeg", "--size", "axb"], "--size axb"),
        (["--codec", "jpeg", "--rates", "0.4:0.05"], "--rates 0.4:0.05: expected LOW:HIGH"),
        (["--codec", "jpeg", "--rates", "0.4"], "--rates 0.4"),
        (["--codec", "jpeg", "--rates", "nan:1"], "--rates nan:1"),
        (["--codec", "jpeg", "--offset", "x"], "--offset x: expected whole numbers"),
        (["--codec", "jpeg", "--offset", "3:1"], "--offset 3:1"),
        (["--codec", "jpeg", "--offset", "0:99999999999"], "each once, at most 1000"),
        (["--codec", "jpeg", "--size", "20000x20000"], "at most 16384"),
        (["--codec", "atn+fuse"], "atn+fuse: uses side information by itself"),
        (["--codec", "jpeg", "--offset", "0:6"], "no drive of more than 6 pairs"),
        (["--codec", "jpeg", "--pictures", "0"], "--pictures 0"),
        (["--codec", "jpeg", "--jobs", "many"], "--jobs many"),
        (["--codec", "jpeg", "--bootstrap", "-1"], "--bootstrap -1: expected a whole number from 0"),
        (["--codec", "jpeg", "--rates", "0.1:0.4,0.4:1,1:2"], "--rates 0.1:0.4,0.4:1,1:2: expected LOW:HIGH"),
        (
            ["--codec", "jpeg", "--metrics", "xpnsr"],
            "--metrics xpnsr: xpnsr: unknown metric; expected of psnr, ms-ssim, lpips",
        ),
        (["--codec", "jpeg", "--metrics", "xpsnr,xpsnr"], "names a metric twice"),
        (["--codec", "jpeg", "--metrics", "lpips"], "expected --lpips-weights FILE"),
        (["--codec", "jpeg", "--lpips-weights", "/nowhere"], "/nowhere: No such file"),
        (["--codec", "jpeg", "--figures", "svg"], "expected --out DIR too"),
        (["--codec", "jpeg", "--protocol", "imagenet"], "protocol imagenet: unknown"),
        (["--codec", "jpeg", "--protocol", "kitti"], "the protocol kitti needs"),
        (["--codec", "jpeg", "--unrelated", "pairs:/nowhere"], "/nowhere"),
        (["--codec", "jpeg", "--out", "/dev/null/x"], "/dev/null/x: cannot be made"),
    ],
)
def test_bad_arguments_are_one_line(
    drive: str, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture
) -> None:
    assert main(["evaluate", "--data", drive, *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert complaint in shown.err


def test_data_named_twice_is_refused(drive: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["evaluate", "--data", drive, "--data", drive, "--codec", "jpeg"]) == 2
    assert "names data twice" in capsys.readouterr().err


def test_unmeasurable_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for name, side in (("tiny", 1), ("small", 6)):
        for view in ("left", "right"):
            (tmp_path / name / view).mkdir(parents=True)
            Image.fromarray(np.zeros((side, side, 3), np.uint8)).save(tmp_path / name / view / "0.png")
    for view in ("left", "right"):
        (tmp_path / "empty" / view).mkdir(parents=True)
    for name in ("tiny", "small", "empty"):
        assert main(["evaluate", "--codec", "jpeg", "--data", f"pairs:{tmp_path / name}"]) == 2
    assert main(["evaluate", "--codec", "jpeg", "--data", "nothing"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [
        complaint in line
        for complaint, line in zip(("1 x 1", "6 x 6", "no pictures", "rendered:SCENE"), lines, strict=True)
    ]


def test_evaluate_arguments_are_parsed() -> None:
    assert evaluation_options.parse_offsets("0:3") == [0, 1, 2, 3]
    assert evaluation_options.parse_offsets("-2:0") == [-2, -1, 0]
    assert evaluation_options.parse_offsets("3,0") == [3, 0]
    assert evaluation_options.parse_rates("0.05:0.4") == ((0.05, 0.4), (0.05, 0.4))
    assert evaluation_options.parse_rates(None) == evaluation_options.parse_rates("0.05:0.4,0.4:1")
    assert evaluation_options.parse_rates("all") == (None, None)
    assert evaluation_options.parse_count("--bootstrap", "0", least=0) == 0
    assert len(evaluation_options.parse_qualities(None)) == 11
    specs = evaluation_options.parse_codecs("avif+fuse,factorized=a;b")
    assert [(spec.name, spec.models) for spec in specs] == [("avif+fuse", (None,)), ("factorized", ("a", "b"))]
    assert evaluation_options.parse_anchors("all", ["a", "b", "c"], ["r"]) == ["c", "a", "b", "r"]
    assert evaluation_options.parse_anchors(None, ["a", "b"], ["r", "s"]) == ["b", "r", "s"]
    assert evaluation_options.parse_anchors("a,r", ["a", "b"], ["r", "s"]) == ["a", "r", "s"]


def test_rivals_are_added_once_and_with_fusion_where_side_information_is_in_play() -> None:
    def labels(codecs: str) -> list[str]:
        return [spec.label for spec in evaluation_options.rivals_of(evaluation_options.parse_codecs(codecs))]

    assert labels("jpeg,webp") == ["hevc-intra"]
    assert labels("atn,jpeg") == labels("avif+fuse") == ["hevc-intra+fuse", "hevc-intra"]
    assert labels("hevc-intra+fuse") == ["hevc-intra"]
    assert labels("hevc-intra,jpeg") == []


def test_rendered_pairs_are_independent() -> None:
    with pytest.raises(InputError, match="do not follow each other"):
        list_tasks(["rendered:street"], Fit(), [0, 1])
