"""Inference keeps as many requests as it says, however many sizes a thread meets."""

import numpy as np
import pytest

from simnet.codec import model
from simnet.codec.learned import inference


def test_thread_drops_the_oldest_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "KEPT_GRAPHS", 2)
    monkeypatch.setattr(inference, "_LOCAL", inference.threading.local())
    chosen = model.load("factorized")
    pictures = [np.full((1, 3, 16, width), 0.5, np.float32) for width in (16, 32, 48, 16)]
    found = [inference.run(chosen, "analysis", picture) for picture in pictures]
    np.testing.assert_array_equal(found[0], found[3])
    kept = inference._LOCAL.requests
    assert [shapes[0][3] for _, _, shapes in kept] == [48, 16]
