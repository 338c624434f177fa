"""The conformance suites pass what is right, and every check of theirs fails on something that is wrong in just that."""

import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pytest

from simnet import testing
from simnet.codec import plugin_codecs
from simnet.codec.bitstream import framing
from simnet.errors import BitstreamError
from simnet.net import Network
from simnet.records import Decoded, LinkConfig, LossConfig, RateConfig

# --- codecs -------------------------------------------------------------------------------------


class Sparse:
    """Every n-th pixel."""

    times_ns = (2_000_000, 1_000_000)
    takes_side = False

    def encode(self, image: np.ndarray, quality: float) -> bytes:
        step = 1 + round(7 * (1 - quality))
        return bytes([step]) + zlib.compress(image[::step, ::step].tobytes())

    def decode(self, payload: bytes, width: int, height: int, side: list[np.ndarray]) -> np.ndarray:
        step = payload[0]
        small = np.frombuffer(zlib.decompress(payload[1:]), np.uint8).reshape(-(-height // step), -(-width // step), 3)
        return small.repeat(step, 0).repeat(step, 1)[:height, :width]


class SlowBackwards(Sparse):
    times_ns = (-1, 1)


class Black(Sparse):
    def decode(self, payload: bytes, width: int, height: int, side: list[np.ndarray]) -> np.ndarray:
        return 0 * super().decode(payload, width, height, side)


class OneRate(Sparse):
    def encode(self, image: np.ndarray, quality: float) -> bytes:
        return super().encode(image, 1.0)


class Counting(Sparse):
    count = 0

    def encode(self, image: np.ndarray, quality: float) -> bytes:
        self.count += 1
        return bytes([self.count % 256]) + super().encode(image, quality)

    def decode(self, payload: bytes, width: int, height: int, side: list[np.ndarray]) -> np.ndarray:
        return super().decode(payload[1:], width, height, side)


class Family:
    """`Sparse` as a family, to be spoilt in one place."""

    takes_side = False
    declared_times = staticmethod(lambda _name, _model: (1, 1))

    def __init__(self) -> None:
        self._plain = plugin_codecs._PlainFamily(Sparse(), "sparse", lambda: "0")

    def open_encoder(self, *asked: Any) -> Any:
        inner = self._plain.open_encoder(*asked)
        inner.encode = partial(self.encode, inner, inner.encode)
        return inner

    def open_decoder(self, announcement: Any) -> Any:
        inner = self._plain.open_decoder(replace(announcement, checkpoint_digest="0"))
        inner.decode = partial(self.decode, inner, inner.decode)
        return inner

    def encode(
        self, _encoder: Any, encode: Callable[..., bytes], image: np.ndarray, quality: float, *, key: bool
    ) -> bytes:
        return encode(image, quality, key=key)

    def decode(self, _decoder: Any, decode: Callable[..., Decoded], data: bytes, side: Any) -> Decoded:
        return decode(data, side)


class Unnumbered(Family):
    def encode(
        self, encoder: Any, encode: Callable[..., bytes], image: np.ndarray, quality: float, *, key: bool
    ) -> bytes:
        return framing.renumbered(encode(image, quality, key=key), 0, encoder.announcement)


class Remembering(Family):
    def decode(self, decoder: Any, decode: Callable[..., Decoded], data: bytes, side: Any) -> Decoded:
        picture = decode(data, side).picture
        before, decoder.before = getattr(decoder, "before", picture), picture
        mixed = picture - picture // 8 + before // 8
        return Decoded(mixed, mixed)


class Cropping(Family):
    def encode(
        self, encoder: Any, encode: Callable[..., bytes], image: np.ndarray, quality: float, *, key: bool
    ) -> bytes:
        announced = encoder.announcement
        fitted = np.resize(image.astype(np.uint8), (announced.height, announced.width, 3))
        return encode(fitted, quality, key=key)


class Gullible(Family):
    def decode(self, decoder: Any, decode: Callable[..., Decoded], data: bytes, side: Any) -> Decoded:
        try:
            return decode(data, side)
        except BitstreamError:
            grey = np.full((decoder._announcement.height, decoder._announcement.width, 3), 128, np.uint8)
            return Decoded(grey, grey)


class Crashing(Family):
    def decode(self, decoder: Any, decode: Callable[..., Decoded], data: bytes, side: Any) -> Decoded:
        framing.verify(data, decoder._announcement)
        if framing.payload(data)[0] > 8:
            raise IndexError("no such step")
        return decode(data, side)


class SidedAlone(Family):
    def decode(self, decoder: Any, decode: Callable[..., Decoded], data: bytes, side: Any) -> Decoded:
        picture = decode(data, ()).picture
        mixed = picture // 2 if side else picture
        return Decoded(mixed, mixed)


BAD_CODECS = {
    "declares_itself": SlowBackwards,
    "decodes_any_size": Black,
    "rate_rises_with_quality": OneRate,
    "two_encoders_agree": Counting,
    "frames_are_numbered": Unnumbered,
    "key_frames_stand_alone": Remembering,
    "other_sizes_are_refused": Cropping,
    "damaged_frames_are_refused": Gullible,
    "garbage_crashes_nothing": Crashing,
    "side_information_is_optional": SidedAlone,
}


@pytest.mark.parametrize("codec", [Sparse, Sparse(), Family])
def test_good_codecs_pass(codec: object) -> None:
    testing.check_codec(codec)


def test_every_codec_check_detects_its_fault() -> None:
    _each_fails(testing.CODEC_CHECKS, BAD_CODECS, testing.check_codec)


def _each_fails(checks: tuple[Callable[..., None], ...], bad: dict[str, Any], check: Callable[[Any], None]) -> None:
    assert [each.__name__ for each in checks] == list(bad)
    for name, subject in bad.items():
        with pytest.raises(AssertionError, match=f"^{name}: .*(expected|raises)"):
            check(subject)


# --- worlds -------------------------------------------------------------------------------------


class Stripes:
    """Stripes that drift by; `frame` of the mutants is called like this one's."""

    def __init__(self, config: Any, cameras: Any, seed: int) -> None:
        self.cameras = cameras

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        size = self.cameras[camera]
        light = (np.arange(size.width) + t_ns // 10_000_000) // 8 % 2 * 200
        return np.broadcast_to(light.astype(np.uint8)[None, :, None], (size.height, size.width, 3)).copy()

    def close(self) -> None:
        pass


class Turned(Stripes):
    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        return super().frame(camera, t_ns).transpose(1, 0, 2)


class Drifting(Stripes):
    asked = 0

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        self.asked += 1
        return super().frame(camera, t_ns + self.asked * 80_000_000)


class Lending(Stripes):
    def __init__(self, config: Any, cameras: Any, seed: int) -> None:
        super().__init__(config, cameras, seed)
        self.kept: dict[tuple[str, int], np.ndarray] = {}

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        return self.kept.setdefault((camera, t_ns), super().frame(camera, t_ns))


class Careless(Stripes):
    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        self.now = t_ns
        time.sleep(0.001)
        return super().frame(camera, self.now)


class Ending(Stripes):
    length_ns = 1_000_000_000

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        if t_ns > 400_000_000:
            raise IndexError("no more frames")
        return super().frame(camera, t_ns)


class Shared(Stripes):
    opened: ClassVar[bool] = False

    def __init__(self, config: Any, cameras: Any, seed: int) -> None:
        super().__init__(config, cameras, seed)
        Shared.opened = True

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        return super().frame(camera, t_ns if Shared.opened else 0) // (1 if Shared.opened else 2)

    def close(self) -> None:
        Shared.opened = False


class Unwatched(testing.WorldUnderTest):
    """As simnet's own worlds are: nobody copies what it returns, nobody lets threads wait for each other."""

    def open(self) -> Any:
        return self.world(None, self.cameras, 1)


BAD_WORLDS = {
    "frames_have_their_cameras_size": Unwatched(Turned),
    "frames_do_not_depend_on_what_was_asked_before": Unwatched(Drifting),
    "frames_belong_to_whoever_asked": Unwatched(Lending),
    "any_thread_may_ask": Unwatched(Careless),
    "every_capture_before_its_end_has_a_frame": Unwatched(Ending),
    "two_may_be_open": Unwatched(Shared),
}


def test_good_worlds_pass() -> None:
    testing.check_world(Stripes)
    testing.run(testing.WORLD_CHECKS, Unwatched(Stripes))
    # What is wrong with these is put right by what simnet puts around plug-ins.
    testing.check_world(Lending)
    testing.check_world(Careless)


def test_every_world_check_detects_its_fault() -> None:
    _each_fails(testing.WORLD_CHECKS, BAD_WORLDS, partial(testing.run, testing.WORLD_CHECKS))


# --- rate controls ------------------------------------------------------------------------------


class Halving:
    """Halves quality when frames queue."""

    def start(self, stream: Any) -> Any:
        return stream.config.options.get("start", 0.8)

    def step(self, stream: Any, state: Any, sent: Any, feedback: Any) -> Any:
        for report in feedback:
            state = state / 2 if report.queue_ns > stream.period_ns / 2 else min(1.0, state + 0.02)
        return state, state


class Unbounded(Halving):
    def step(self, stream: Any, state: Any, sent: Any, feedback: Any) -> Any:
        state += 0.02 * len(feedback)
        return state, state


class Tiring(Halving):
    steps = 0

    def step(self, stream: Any, state: Any, sent: Any, feedback: Any) -> Any:
        self.steps += 1
        return state, state / (1 + self.steps)


class Hiding(Halving):
    def start(self, stream: Any) -> Any:
        self.hidden = 0.8
        return None

    def step(self, stream: Any, state: Any, sent: Any, feedback: Any) -> Any:
        self.hidden, quality = super().step(stream, self.hidden, sent, feedback)
        return None, quality


class Deaf(Halving):
    def step(self, stream: Any, state: Any, sent: Any, feedback: Any) -> Any:
        return state, state


BAD_RATES = {
    "quality_stays_in_bounds": Unbounded,
    "the_same_history_gives_the_same_qualities": Tiring,
    "nothing_is_kept_but_in_the_state": Hiding,
    "it_follows_the_link": Deaf,
}
OWN_RATES = [
    (RateConfig(quality=0.3), False),
    (RateConfig("target", target_bps=2e5), False),
    (RateConfig("adaptive", quality=0.5, quality_min=0.1, quality_max=0.9), True),
]


@pytest.mark.parametrize(("control", "adapts"), [(Halving, True), (Halving(), True), (Deaf, False), *OWN_RATES])
@pytest.mark.parametrize("check", testing.RATE_CHECKS)
def test_good_rate_controls_pass(check: Callable[..., None], control: Any, adapts: bool) -> None:
    check(testing.RateUnderTest(control, adapts=adapts))


def test_every_rate_check_detects_its_fault() -> None:
    _each_fails(testing.RATE_CHECKS, BAD_RATES, partial(testing.check_rate_control, adapts=True))


# --- links --------------------------------------------------------------------------------------

LINK = LinkConfig("up", "a", "b", 1e6, delay_ns=10_000_000, jitter_ns=2_000_000, loss=LossConfig("independent", 0.05))


class Silent(Network):
    def send(self, source: str, target: str, size_bytes: int, on_delivery: Any, *, priority: int = 0) -> None:
        told = on_delivery if size_bytes < 5000 else lambda _: None
        super().send(source, target, size_bytes, told, priority=priority)


class Miscounting(Network):
    def statistics(self) -> Any:
        return [replace(each, delivered_packets=each.delivered_packets - 1) for each in super().statistics()]


def _with(**changes: Any) -> Callable[..., Network]:
    def make(env: Any, links: list[LinkConfig], seed: int, distance_m: Any) -> Network:
        return Network(env, [replace(link, **changes) for link in links], seed, distance_m)

    return make


def _unseeded() -> Callable[..., Network]:
    made: list[int] = []

    def make(env: Any, links: Any, seed: int, distance_m: Any) -> Network:
        made.append(seed)
        return Network(env, links, len(made), distance_m)

    return make


BAD_NETWORKS = {
    "every_frame_is_told_once": Silent,
    "packets_are_conserved": Miscounting,
    "nothing_is_faster_than_the_link": _with(bandwidth_bps=4e6),
    "frames_keep_their_order": _with(reorder=True, jitter_ns=500_000_000),
    "the_seed_says_it_all": _unseeded(),
    "as_much_is_lost_as_is_said": _with(loss=LossConfig("independent", 0.1)),
}
LINKS = [
    LINK,
    replace(LINK, loss=LossConfig("gilbert-elliott", 0.1, 4), queue_bytes=8000),
    replace(LINK, reorder=True, queue="codel"),
    replace(LINK, queue="priority", outages=((200_000_000, 900_000_000),)),
    replace(LINK, ladder=((20.0, 8e6), (100.0, 2e6)), propagation_mps=3e8),
    replace(LINK, mtu_bytes=300, overhead_bytes=0, loss=LossConfig()),
]


@pytest.mark.parametrize("link", LINKS)
def test_good_links_pass(link: LinkConfig) -> None:
    testing.check_link(link)


def test_every_link_check_detects_its_fault() -> None:
    _each_fails(testing.LINK_CHECKS, BAD_NETWORKS, lambda network: testing.check_link(LINK, network=network))
