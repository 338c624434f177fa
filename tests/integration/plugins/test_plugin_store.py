"""A plug-in's codec through the store: inter-coded frames, and qualities that differ by less than a step."""

from pathlib import Path

import pytest

from simnet import codec, scenario, world
from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.engine.cached.cached_pixels import Pixels
from simnet.store import Store

from .conftest import Install

WORLD = """
import numpy as np

class Stripes:
    def __init__(self, config, cameras, seed):
        self._cameras = cameras

    def frame(self, camera, t_ns):
        size = self._cameras[camera]
        light = (np.arange(size.width) + t_ns // 10_000_000) // 8 % 2 * 200
        return np.broadcast_to(light.astype(np.uint8)[None, :, None], (size.height, size.width, 3))
"""
SUMS = """
import numpy as np
from simnet.codec.bitstream import framing
from simnet.records import Announcement, Decoded

class Encoder:
    def __init__(self, name, width, height):
        self.announcement = Announcement(name, "", "", "", width, height)
        self._sum, self._sequence = None, 0

    def encode(self, image, quality, *, key=False):
        key = key or self._sum is None
        self._sum = (0 if key else self._sum) + int(image.sum()) + quality
        header = framing.Header(self._sequence, framing.quality_step(quality), key)
        self._sequence += 1
        return framing.pack(header, repr(self._sum).encode(), self.announcement)

class Decoder:
    def __init__(self, announcement):
        self._announced, self._turn = announcement, 0
        self._picture = np.zeros((announcement.height, announcement.width, 3), np.uint8)

    def decode(self, data, side):
        self._turn = 1 if framing.verify(data, self._announced).key else self._turn + 1
        # One array for all: whoever wants to keep a picture has to copy it.
        self._picture[:] = self._turn
        return Decoded(self._picture, self._picture)

class Sums:
    def open_encoder(self, name, width, height, model):
        return Encoder(name, width, height)

    def open_decoder(self, announcement):
        return Decoder(announcement)

    def declared_times(self, name, model):
        return 1, 1
"""
ASKED = [(0.5, True), (0.5001, False), (0.5, False), (0.7, True), (0.5, False)]
OTHER = [(0.5, True), (0.5001, False), (0.5002, False), (0.7, False), (0.5, True)]


@pytest.mark.parametrize("before", [ASKED, OTHER])
def test_cached_plugin_output_matches_the_codec(install: Install, tmp_path: Path, before: list) -> None:
    install("mine", SUMS + WORLD, codecs="sums = mine:Sums", worlds="stripes = mine:Stripes")
    overrides = ["duration=1s", "world={kind: stripes}", "streams.*.codec=sums"]
    chosen = scenario.load("stereo_pair", overrides)
    stream = chosen.streams[0].name
    store = Store(tmp_path / "cache")

    def go(asked: list) -> tuple[list[bytes], list[int], CacheCounters]:
        counts = CacheCounters()
        pixels = Pixels(chosen, store, counts)
        frames = [pixels.encode(stream, n, n * 10**8, *each) for n, each in enumerate(asked)]
        digests = [pixels.decode(stream, n, data, ())[0] for n, data in enumerate(frames)]
        shades = [int(pixels.picture(digest)[0, 0, 0]) for digest in digests]
        pixels.close()
        return frames, shades, counts

    go(before)
    camera = chosen.cameras[stream]
    own = world.open_world(chosen.world, chosen.cameras, chosen.seed)
    encoder = codec.open_encoder("sums", camera.width, camera.height)
    plainly = [encoder.encode(own.frame(stream, n * 10**8), q, key=key) for n, (q, key) in enumerate(ASKED)]
    own.close()
    assert go(ASKED)[:2] == (plainly, [1, 2, 3, 1, 2])
    again = go(ASKED)[2]
    assert (again.encodes, again.decodes, again.scores) == (0, 0, 0)
    store.close()
