"""Codecs and worlds of other packages that do what they must not: one line says whose fault it is, and which."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from simnet import codec, world
from simnet.errors import PluginError
from simnet.records import CameraConfig, Trajectory, WorldConfig

Install = Callable[..., Path]
EYE = CameraConfig("a/eye", 48, 32, 100_000_000, 90.0, Trajectory(((0.0, 0.0, 0.0),)))


FAULTS = [
    ("import nothing_of_this_name", "cannot be imported (ModuleNotFoundError: No module named 'nothing_of_this_name')"),
    ("", "cannot be imported (AttributeError: module 'broken' has no attribute 'Thing')"),
    ("Thing = 3", "found 3; expected encode and decode, or open_encoder, open_decoder, declared_times"),
    ("class Thing:\n def __init__(self, a): pass", "option 'a' is missing; expected a: ..."),
    ("class Thing:\n def encode(s, i, q): return None\n def decode(s, *_): 0", "encoded to None; expected bytes"),
    ("class Thing:\n def encode(s, i, q): return b''\n def decode(s, *_): 0", "encoded to b''; expected bytes"),
    ("class Thing:\n def encode(s, i, q): 1 / 0\n def decode(s, *_): 0", "encoding failed (ZeroDivisionError: "),
    (
        "class Thing:\n def encode(s, i, q): return b'x'\n def decode(s, *_): return 3",
        "decoded to 3; expected uint8 32",
    ),
    (
        "class Thing:\n times_ns = 5\n def encode(s, i, q): 0\n def decode(s, *_): 0",
        "declares coding times 5; expected",
    ),
    (
        "class Thing:\n def open_encoder(s, *_): 0\n open_decoder = declared_times = open_encoder",
        "cannot be opened (Attr",
    ),
]


@pytest.mark.parametrize(("source", "fault"), FAULTS)
def test_broken_codec_is_blamed_in_one_line(source: str, fault: str, install: Install) -> None:
    install("broken", source, codecs="thing = broken:Thing")

    def use() -> None:
        if "times_ns" in source:
            codec.declared_times("thing")
        encoder = codec.open_encoder("thing", 48, 32)
        data = encoder.encode(np.zeros((32, 48, 3), np.uint8), 0.5)
        codec.open_decoder(encoder.announcement).decode(data, ())

    with pytest.raises(PluginError) as caught:
        use()
    assert str(caught.value).startswith("codec thing (package broken 1.0): ")
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


BAD_WORLDS = [
    ("def Thing(*_): raise OSError('no disk')", "cannot be opened (OSError: no disk)"),
    ("def Thing(*_): return 3", "made 3; expected a world with frame(camera, t_ns)"),
    (
        "class Thing:\n length_ns = 0.5\n def __init__(s, *_): 0\n def frame(s, *_): 0",
        "its length_ns is 0.5; expected whole",
    ),
    (
        "class Thing:\n def __init__(s, *_): 0\n def frame(s, *_): 1 / 0",
        "no frame of a/eye at 0.000 s (ZeroDivisionError",
    ),
    ("class Thing:\n def __init__(s, *_): 0\n def frame(s, *_): return 3", "a/eye sees 3; expected uint8 32 x 48 x 3"),
]


@pytest.mark.parametrize(("source", "fault"), BAD_WORLDS)
def test_broken_world_is_blamed_in_one_line(source: str, fault: str, install: Install) -> None:
    install("broken", source, worlds="thing = broken:Thing")
    with pytest.raises(PluginError) as caught:
        world.open_world(WorldConfig("thing"), {"a/eye": EYE}, 1).frame("a/eye", 0)
    assert str(caught.value).startswith("world thing (package broken 1.0): ")
    assert fault in str(caught.value)
