"""Encoders of FFmpeg are opened one at a time: their libraries fill tables of the process then."""

import threading
import time
from types import SimpleNamespace

import pytest

from simnet import codec
from simnet.codec.video import libav
from simnet.errors import ModelError


class _Context(SimpleNamespace):
    """An encoder that notes how many are being opened with it."""

    together: list[int]
    opening = 0

    def open(self) -> None:
        _Context.opening += 1
        self.together.append(_Context.opening)
        time.sleep(0.01)
        _Context.opening -= 1


def test_encoders_are_opened_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    together: list[int] = []
    create = SimpleNamespace(create=lambda *_: _Context(together=together, flags=0))
    monkeypatch.setattr(libav.av, "CodecContext", create)
    barrier = threading.Barrier(8)

    def open_one() -> None:
        barrier.wait()
        libav.open_encoder("libx265", 64, 48, {}, apart=True)

    threads = [threading.Thread(target=open_one) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert together == [1] * 8


def test_model_that_is_taken_for_a_codec_is_told_its_codec() -> None:
    with pytest.raises(ModelError, match=r"atn-free: is a model; expected codec atn=atn-free, or in a scenario"):
        codec.open_encoder("atn-free", 64, 64)
