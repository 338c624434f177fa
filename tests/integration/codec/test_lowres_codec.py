"""A small `lowres` model encodes real bytes: sizes, estimates, refusals, and means within float noise."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch

from simnet.codec import model
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.padding import padded
from simnet.codec.learned import lowres_codec
from simnet.codec.learned.inference import outputs
from simnet.codec.learned.lowres_codec import LowresDecoder, LowresEncoder, PassMeans
from simnet.codec.learned.lowres_parts import knot_shares
from simnet.errors import BitstreamError, ModelError
from simnet.testing.codec_suite import picture
from support import small_lowres

WIDTH, HEIGHT = 256, 128


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return small_lowres.export(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def opened(folder: str) -> tuple[LowresEncoder, LowresDecoder]:
    encoder = LowresEncoder(model.load(folder), WIDTH, HEIGHT)
    return encoder, LowresDecoder(encoder.announcement, model.load(folder))


@pytest.mark.parametrize(("width", "height"), [(32, 32), (47, 33), (256, 128), (16, 16)])
def test_any_size_comes_back(folder: str, width: int, height: int) -> None:
    encoder = LowresEncoder(model.load(folder), width, height)
    decoder = LowresDecoder(encoder.announcement, model.load(folder))
    image, sizes = picture(width, height), []
    for quality in (0.0, 0.5, 1.0):
        data = encoder.encode(image, quality)
        shown = decoder.decode(data, ()).picture
        assert shown.shape == image.shape
        sizes.append(len(data))
    assert sizes == sorted(sizes)
    assert sizes[2] > sizes[0]
    assert np.mean((shown.astype(float) - image) ** 2) < 0.5 * image.astype(float).var()


def test_graphs_compute_what_torch_computes(folder: str) -> None:
    network, chosen, x = small_lowres.network(), model.load(folder), padded(picture(96, 64), 16)
    shares = knot_shares(torch.tensor([0.4]))
    with torch.no_grad():
        u, z = network.analysis(torch.from_numpy(x), shares)
        z_hat = z.round()
        features = network.hyper(z_hat, shares)[:, :, :4, :6]
        y_hat = u.round()
        context = network.context(3, features, y_hat, shares)
        expected = {
            "analysis": (u, z),
            "pass3": (network.mean(3, context, shares), network.correction(context)),
            "synthesis": network.synthesis(y_hat, shares),
        }
    given = {
        "analysis": (x,),
        "pass3": (features.numpy(), y_hat.numpy()),
        "synthesis": (y_hat.numpy(),),
    }
    for graph, tensors in expected.items():
        found = outputs(chosen, graph, *given[graph], shares.numpy())
        for one, other in zip(found, tensors, strict=True):
            scale = max(1.0, float(other.abs().max()))
            np.testing.assert_allclose(one, other.numpy(), rtol=0, atol=0.02 * scale)  # some in bfloat16


@pytest.mark.parametrize("quality", [0.0, 0.3, 0.7, 1.0])
def test_estimated_bits_are_the_bytes_that_leave(opened: tuple[LowresEncoder, LowresDecoder], quality: float) -> None:
    image = picture(WIDTH, HEIGHT)
    size = len(opened[0].encode(image, quality))
    with torch.no_grad():
        _, bits = small_lowres.network()(
            torch.from_numpy(padded(image, 16)), torch.tensor([round(quality * 255) / 255])
        )
    estimate = bits.item() / 8
    assert abs(size - estimate) <= 0.02 * estimate + 16


def test_priors_are_chosen_by_what_they_cost(opened: tuple[LowresEncoder, LowresDecoder]) -> None:
    coder = lowres_codec.coder_of(model.load(opened[0].announcement.model))
    still, lively = np.zeros((8, 2, 4), np.float32), np.full((8, 2, 4), 30, np.float32)
    assert coder.choose_prior(still) != coder.choose_prior(lively)
    flat = small_lowres.network().fz.mass(torch.from_numpy(lively.reshape(8, -1))).log2().sum((1, 2))
    assert coder.choose_prior(lively) == int(flat.argmax())


def test_noise_in_the_decoders_means_changes_no_symbol(
    opened: tuple[LowresEncoder, LowresDecoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, decoder = opened
    data = encoder.encode(picture(WIDTH, HEIGHT), 0.8)
    plain = decoder.decode(data, ()).picture
    rng, told = np.random.default_rng(0), PassMeans.__call__

    def disturbed(self: PassMeans, number: int, y_hat: np.ndarray) -> np.ndarray:
        mean = told(self, number, y_hat)
        return mean + rng.uniform(-1e-4, 1e-4, mean.shape).astype(np.float32)

    monkeypatch.setattr(PassMeans, "__call__", disturbed)
    noisy = decoder.decode(data, ()).picture
    # A single other symbol would be seen: its step is many times this.
    assert np.abs(noisy.astype(int) - plain).max() <= 1


def test_symbols_are_the_encoders(opened: tuple[LowresEncoder, LowresDecoder]) -> None:
    """What the decoder reconstructs is within half a step of the latent, or was not sent."""
    chosen, image, step = model.load(opened[0].announcement.model), picture(WIDTH, HEIGHT), 200
    coder, shares = lowres_codec.coder_of(chosen), lowres_codec.knot_shares(step, 9)
    u, z = (each[0] for each in outputs(chosen, "analysis", padded(image, 16), shares))
    z = lowres_codec.whole_z(z)
    networks = lowres_codec.Networks(chosen, opened[0].announcement)
    payload = coder.encode(u, z, step, networks.means(z, shares))
    decoded, go_on = coder.open(payload, networks.size)
    np.testing.assert_array_equal(decoded, z)
    away = np.abs(go_on(step, networks.means(decoded, shares)) - u)
    assert np.mean(away <= 0.5 + 1e-3) > 0.95


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda payload: payload[:4], "one more than a positive multiple of 4"),
        (lambda payload: payload[:-2], "one more than a positive multiple of 4"),
        (lambda payload: bytes([64]) + payload[1:], "names prior 64; expected one below 64"),
    ],
)
def test_what_is_no_payload_is_refused(
    opened: tuple[LowresEncoder, LowresDecoder], damage: Callable[[bytes], bytes], told: str
) -> None:
    encoder, decoder = opened
    payload = framing.payload(encoder.encode(picture(WIDTH, HEIGHT), 0.2))
    bad = framing.pack(framing.Header(0, 51, key=True), damage(payload), encoder.announcement)
    with pytest.raises(BitstreamError, match=told):
        decoder.decode(bad, ())


def test_cut_and_altered_payloads_crash_nothing(opened: tuple[LowresEncoder, LowresDecoder]) -> None:
    encoder, decoder = opened
    whole = framing.payload(encoder.encode(picture(WIDTH, HEIGHT), 0.6))
    rng = np.random.default_rng(1)
    for number in range(12):
        altered = bytearray(whole[: 4 * int(rng.integers(1, len(whole) // 4)) + 1] if number % 2 else whole)
        altered[int(rng.integers(1, len(altered)))] ^= int(rng.integers(1, 256))
        bad = framing.pack(framing.Header(0, 153, key=True), bytes(altered), encoder.announcement)
        try:
            assert decoder.decode(bad, ()).picture.shape == (HEIGHT, WIDTH, 3)
        except BitstreamError as error:
            assert "draws no picture" in str(error)  # noqa: PT017  # a picture is as good


def test_two_threads_encode_the_same_bytes(folder: str) -> None:
    """With one and two threads of BLAS and OpenMP, in processes of their own."""
    asked = (
        "import sys, hashlib; from simnet.codec import model; from simnet.testing.codec_suite import picture; "
        "from simnet.codec.learned.lowres_codec import LowresEncoder as E; e = E(model.load(sys.argv[1]), 320, 192); "
        "print(hashlib.sha256(b''.join(e.encode(picture(320, 192), q) for q in (0.1, 0.9))).hexdigest())"
    )
    told = set()
    for threads in ("1", "2"):
        environment = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        command = ["env", *(f"{name}={value}" for name, value in environment.items()), sys.executable, "-c", asked]
        done = subprocess.run([*command, folder], capture_output=True, text=True, check=True)
        told.add(done.stdout)
    assert len(told) == 1


def test_a_model_of_another_network_is_refused() -> None:
    with pytest.raises(ModelError, match="no tables of codec lowres"):
        lowres_codec.coder_of(model.load("factorized"))
