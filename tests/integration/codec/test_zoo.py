"""CompressAI's models as codecs, with untrained weights from a file."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
import torch

from simnet import codec
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.entropy_library import architectures
from simnet.errors import BitstreamError, ModelError

ARCHITECTURES = ["bmshj2018-factorized", "bmshj2018-hyperprior", "mbt2018-mean"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("zoo")
    for name in ARCHITECTURES:
        torch.manual_seed(0)
        network = architectures().model_architectures[name](*architectures().cfgs[name][1])
        torch.save(network.state_dict(), place / name)
    return place


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_compressai_model_round_trips(name: str, folder: Path, picture: np.ndarray) -> None:
    encoder = codec.open_encoder("compressai", 200, 120, f"{name}:1:{folder / name}")
    frame = encoder.encode(picture, 0.5)
    decoder = codec.open_decoder(encoder.announcement)
    decoded = decoder.decode(frame, ())
    assert decoded.picture.shape == picture.shape
    np.testing.assert_array_equal(decoder.decode(frame, ()).picture, decoded.picture)
    assert encoder.encode(picture, 0.9)[8:] == frame[8:]
    altered = bytearray(frame)
    altered[30] ^= 4
    with pytest.raises(BitstreamError):
        decoder.decode(bytes(altered), ())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_forged_payloads_crash_nothing(name: str, folder: Path, picture: np.ndarray) -> None:
    encoder = codec.open_encoder("compressai", 200, 120, f"{name}:1:{folder / name}")
    decoder = codec.open_decoder(encoder.announcement)
    frame = encoder.encode(picture, 0.5)
    header, payload = framing.header(frame), framing.payload(frame)
    for made in (b"\1", b"\0\0\0\0", b"\0\0\0\4abcd", payload[:-1], b"\0" * 40):
        refused = len(made) % 4 or name != "bmshj2018-factorized"
        with pytest.raises(BitstreamError) if refused else contextlib.suppress(BitstreamError):
            decoder.decode(framing.pack(header, made, encoder.announcement), ())
    for length in (4, 40, 400):
        with contextlib.suppress(BitstreamError):
            decoder.decode(framing.pack(header, payload[: len(payload) // 2 // 4 * 4], encoder.announcement), ())
            decoder.decode(framing.pack(header, b"\xff" * length, encoder.announcement), ())


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("quantiles", 1e9, "reaches beyond"),
        ("quantiles", float("nan"), "not finite"),
        ("g_a.0.weight", float("inf"), "finite"),
    ],
)
def test_weights_that_make_no_tables_are_refused(
    key: str, value: float, said: str, folder: Path, tmp_path: Path
) -> None:
    """Such tables took all memory, or crashed the library."""
    state = torch.load(folder / ARCHITECTURES[0], weights_only=True)
    name = next(each for each in state if each.endswith(key))
    state[name] = torch.full_like(state[name], value)
    torch.save(state, tmp_path / "bad")
    with pytest.raises(ModelError, match=said):
        codec.open_encoder("compressai", 64, 64, f"{ARCHITECTURES[0]}:1:{tmp_path / 'bad'}")


def test_decoded_picture_matches_compressai(folder: Path, picture: np.ndarray) -> None:
    image = np.ascontiguousarray(picture[:64, :128])
    encoder = codec.open_encoder("compressai", 128, 64, f"bmshj2018-hyperprior:1:{folder / 'bmshj2018-hyperprior'}")
    decoded = codec.open_decoder(encoder.announcement).decode(encoder.encode(image, 0.5), ()).picture
    network = architectures().model_architectures["bmshj2018-hyperprior"](128, 192).eval()
    state = torch.load(folder / "bmshj2018-hyperprior", weights_only=True)
    torch.nn.Module.load_state_dict(
        network, {k: v for k, v in state.items() if "_cdf" not in k and "_offset" not in k}, False
    )
    network.update(force=True)
    with torch.no_grad():
        x = torch.from_numpy(image).permute(2, 0, 1)[None] / 255
        expected = network.decompress(**{k: v for k, v in network.compress(x).items() if k in {"strings", "shape"}})[
            "x_hat"
        ]
    rounded = (expected[0].clamp(0, 1).permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    assert np.abs(decoded.astype(int) - rounded).max() <= 1


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (None, "model missing; expected ARCHITECTURE:QUALITY"),
        ("bmshj2018-hyperprior", "expected ARCHITECTURE:QUALITY"),
        ("vgg:3", r"model vgg:3; expected .*\(architectures: bmshj2018-factorized"),
        ("bmshj2018-hyperprior:9", "expected ARCHITECTURE:QUALITY"),
        ("bmshj2018-hyperprior:1:/nowhere/file", "/nowhere/file: No such file"),
    ],
)
def test_unknown_compressai_model_is_named(spec: str | None, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        codec.open_encoder("compressai", 64, 64, spec)


def test_weights_of_another_kind_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected weights of mbt2018-mean"):
        codec.open_encoder("compressai", 64, 64, f"mbt2018-mean:1:{folder / 'bmshj2018-factorized'}")
    with pytest.raises(ModelError, match=r"not weights of bmshj2018-factorized, quality 8: .*size mismatch"):
        codec.open_encoder("compressai", 64, 64, f"bmshj2018-factorized:8:{folder / 'bmshj2018-factorized'}")
    rubbish = tmp_path / "rubbish"
    for content in (b"no torch file", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"):
        rubbish.write_bytes(content)
        with pytest.raises(ModelError, match="not a file of weights"):
            codec.open_encoder("compressai", 64, 64, f"mbt2018:1:{rubbish}")
    with pytest.raises(ModelError, match="gone: no such file; expected a file of CompressAI weights"):
        codec.declared_times("compressai", "mbt2018:1:gone")


def test_unavailable_weights_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    with pytest.raises(ModelError, match=r"cannot be fetched \(no route\); expected a connection, or weights: FILE"):
        codec.open_encoder("compressai", 64, 64, "mbt2018:4")
