"""`simnet encode` and `simnet decode`: damaged files are refused, intact ones decode."""

import contextlib
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simnet import codec
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
