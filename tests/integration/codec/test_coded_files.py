"""`simnet encode` and `simnet decode`: damaged files are refused, intact ones decode."""

import contextlib
import dataclasses
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simnet import codec, shipped
from simnet.cli import main
from simnet.codec import bitstream_files
from simnet.codec.bitstream import framing
from simnet.errors import BitstreamError, PictureError


@pytest.fixture
def encoded(tmp_path: Path, picture: np.ndarray) -> Path:
    Image.fromarray(picture).save(tmp_path / "in.png")
    assert main(["encode", str(tmp_path / "in.png"), "-o", str(tmp_path / "a.snet"), "--quality", "0.4"]) == 0
    return tmp_path / "a.snet"


def test_files_round_trip_with_and_without_side_pictures(encoded: Path, tmp_path: Path, picture: np.ndarray) -> None:
    assert main(["decode", str(encoded), "-o", str(tmp_path / "alone.png")]) == 0
    side = str(tmp_path / "in.png")
    assert main(["decode", str(encoded), "--side", side, side, "-o", str(tmp_path / "with.png")]) == 0
    alone, fused = (np.asarray(Image.open(tmp_path / name)) for name in ("alone.png", "with.png"))
    assert alone.shape == fused.shape == picture.shape
    error = [np.square(p.astype(float) - picture).mean() for p in (alone, fused)]
    assert error[1] < error[0]


def test_ten_thousand_alterations_are_all_refused(encoded: Path) -> None:
    whole = encoded.read_bytes()
    announcement, frame = bitstream_files.unpack(whole)
    decoder = codec.open_decoder(announcement)
    rng = np.random.default_rng(2)
    for _ in range(10_000):
        altered = bytearray(whole)
        match rng.integers(4):
            case 0:
                altered[rng.integers(len(altered))] ^= int(rng.integers(1, 256))
            case 1:
                del altered[rng.integers(len(altered)) :]
            case 2:
                place = rng.integers(len(altered))
                altered[place:place] = rng.bytes(int(rng.integers(1, 9)))
            case 3:
                start = rng.integers(len(altered) - 1)
                del altered[start : start + int(rng.integers(1, 9))]
        with pytest.raises(BitstreamError):  # noqa: PT012 - either step may be the one that refuses
            found, altered_frame = bitstream_files.unpack(bytes(altered))
            assert found == announcement
            decoder.decode(altered_frame, ())
    assert decoder.decode(frame, ()).picture.shape == (120, 200, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["decode", "missing.snet", "-o", "out.png"], "missing.snet: No such file"),
        (["encode", "missing.png", "-o", "a.snet"], "missing.png: no such file"),
        (["encode", "in.png", "-o", "a.snet", "--codec", "h266"], "h266: unknown codec"),
        (["encode", "in.png", "-o", "a.snet", "--model", "nowhere"], "nowhere: unknown model"),
        (["encode", "in.png", "-o", "a.snet", "--quality", "2"], "quality 2.0: expected"),
        (["decode", "in.png", "-o", "out.png"], "not a simnet bitstream"),
        (["decode", "a.snet", "-o", "out.nothing"], "cannot be written"),
        (["decode", "a.snet", "--side", "a.snet", "-o", "out.png"], "not a readable picture"),
        (["encode", "a.snet", "-o", "b.snet"], "not a readable picture"),
    ],
)
@pytest.mark.usefixtures("encoded")
def test_bad_input_is_one_line_and_status_2(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("simnet: error: ")
    assert said in error
    assert error.count("\n") == 1


def test_deep_and_rotated_pictures_are_read_correctly(tmp_path: Path, picture: np.ndarray) -> None:
    grey = picture[..., 0]
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(
        bitstream_files.read_picture(tmp_path / "deep.png"), np.repeat(grey[..., None], 3, axis=2)
    )
    turned = Image.fromarray(picture)
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(bitstream_files.read_picture(tmp_path / "turned.png"), np.rot90(picture, -1))


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_pictures_of_unknown_range_are_refused(kind: type, tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 70_000, kind)).save(tmp_path / "odd.tif")
    with pytest.raises(PictureError, match=r"odd.tif: .*expected whole numbers of 8 or 16 bits"):
        bitstream_files.read_picture(tmp_path / "odd.tif")


@pytest.mark.parametrize("name", ["jpeg", "jpeg2000", "webp", "avif", "h264", "atn", "factorized"])
def test_forged_payloads_are_decoded_or_refused(name: str, picture: np.ndarray) -> None:
    encoder = codec.open_encoder(name, 200, 120)
    decoder = codec.open_decoder(encoder.announcement)
    frame = encoder.encode(picture, 0.3, key=True)
    header, payload = framing.header(frame), framing.payload(frame)
    rng = np.random.default_rng(3)
    for length in (1, 4, 5, 40, len(payload) // 2 // 4 * 4):
        for made in (rng.bytes(length), b"\xff" * length, payload[:length], payload[:length] + rng.bytes(200)):
            with contextlib.suppress(BitstreamError):
                shown = decoder.decode(framing.pack(header, made, encoder.announcement), ()).picture
                assert shown.shape == picture.shape


@pytest.mark.parametrize("change", [{"model": 5}, {"codec": "a\nb"}, {"width": True}, {"height": 20_000}])
def test_announcement_with_wrong_types_is_refused(change: dict, encoded: Path) -> None:
    announcement, frame = bitstream_files.unpack(encoded.read_bytes())
    with pytest.raises(BitstreamError, match="announce"):
        bitstream_files.unpack(bitstream_files.pack(dataclasses.replace(announcement, **change), frame))


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", "a" * 5000, "."])
def test_file_that_never_ends_is_refused_at_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    for arguments in (["decode", name], ["encode", name], ["encode", "x", "--codec", "compressai", "--model", name]):
        assert main([*arguments, "-o", "out.png"]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def lying(encoded: Path, **changes: object) -> Path:
    """A file that announces something else, and whose frame has the checksum of that."""
    announcement, frame = bitstream_files.unpack(encoded.read_bytes())
    announcement = dataclasses.replace(announcement, **changes)
    frame = framing.pack(framing.header(frame), framing.payload(frame), announcement)
    lie = encoded.with_name("lie.snet")
    lie.write_bytes(bitstream_files.pack(announcement, frame))
    return lie


def test_huge_announcement_is_refused_unless_it_is_asked_for(
    encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """It took 17 GB."""
    lie = lying(encoded, width=16_384, height=16_384)
    assert main(["decode", str(lie), "-o", str(tmp_path / "out.png")]) == 2
    assert "268435456 pixels; expected up to 8388608 (--max-pixels 268435456 takes it)" in capsys.readouterr().err
    assert main(["decode", str(encoded), "--max-pixels", "23999", "-o", str(tmp_path / "out.png")]) == 2
    assert "24000 pixels; expected up to 23999" in capsys.readouterr().err
    assert main(["decode", str(encoded), "--max-pixels", "24000", "-o", str(tmp_path / "out.png")]) == 0


def test_large_picture_is_encoded_if_it_is_asked_for(encoded: Path, capsys: pytest.CaptureFixture) -> None:
    arguments = ["encode", str(encoded.with_name("in.png")), "-o", str(encoded), "--codec", "jpeg", "--max-pixels"]
    assert main([*arguments, "100"]) == 2
    assert "in.png: picture of 200 x 120, 24000 pixels; expected up to 100" in capsys.readouterr().err
    assert main([*arguments, "24000"]) == 0


@pytest.mark.parametrize(
    "model",
    ["/etc/passwd", "../atn", "./atn", "~/atn", "elsewhere", "bmshj2018-factorized:1", "a:1:/etc/passwd", "atn+fuse/x"],
)
def test_bitstream_names_no_model_that_the_user_did_not_name(
    model: str, encoded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(codec.registry, "_family", lambda name: pytest.fail(f"opened {name}"))
    assert main(["decode", str(lying(encoded, model=model)), "-o", "out.png"]) == 2
    error = capsys.readouterr().err
    assert "the stream asks for model" in error
    assert error.count("\n") == 1


def test_folder_beside_the_file_is_not_taken_for_a_shipped_model(
    encoded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "atn").mkdir()
    (tmp_path / "atn" / "manifest.yaml").write_text("version: 7")
    assert main(["decode", str(encoded), "-o", "out.png"]) == 0


def test_model_of_the_users_is_found_by_its_digest(
    tmp_path: Path, picture: np.ndarray, capsys: pytest.CaptureFixture
) -> None:
    Image.fromarray(picture).save(tmp_path / "in.png")
    shutil.copytree(shipped.folder("models") / "factorized", tmp_path / "mine")
    coded, out = str(tmp_path / "a.snet"), str(tmp_path / "out.png")
    arguments = ["--codec", "factorized", "--model", str(tmp_path / "mine")]
    assert main(["encode", str(tmp_path / "in.png"), "-o", coded, *arguments]) == 0
    assert main(["decode", coded, "-o", out]) == 2
    assert "name it with --model if it is yours" in capsys.readouterr().err
    (tmp_path / "mine").rename(tmp_path / "moved")
    assert main(["decode", coded, "-o", out, "--model", "factorized", "--model", str(tmp_path / "moved")]) == 0


def test_a_picture_is_not_replaced_by_its_bitstream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.png"
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(file)
    before = file.read_bytes()
    assert main(["encode", str(file), "-o", str(file), "--codec", "jpeg"]) == 2
    assert "the picture itself; expected another file to write" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_decode_refuses_what_its_bitstream_has_no_use_for(
    tmp_path: Path, picture: np.ndarray, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(picture).save("in.png")
    Image.fromarray(picture[:1, :1]).save("dot.png")
    assert main(["encode", "in.png", "-o", "a.snet", "--codec", "jpeg"]) == 0
    for more, complaint in (
        (["--side", "in.png"], "a.snet: codec jpeg uses no side pictures; expected none of them (--side)"),
        (["--side", "dot.png"], "dot.png: a side picture of 1 x 1 cannot help; expected at least 8 x 8"),
        (["--model", "nowhere"], "nowhere: unknown model"),
    ):
        assert main(["decode", "a.snet", "-o", "out.png", *more]) == 2
        assert complaint in capsys.readouterr().err
        assert not (tmp_path / "out.png").exists()
    assert main(["decode", "a.snet", "-o", "out.png", "--model", "factorized"]) == 0
