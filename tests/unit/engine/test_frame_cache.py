"""Pictures in memory: which are kept, and which go first."""

import numpy as np

from simnet.engine.cached.frame_cache import FrameCache

FRAME = np.zeros((4, 4, 3), np.uint8)


def kept(cache: FrameCache[str]) -> str:
    return "".join(name for name in "abcdef" if name in cache)


def filled(limit: int, least: int = 0) -> FrameCache[str]:
    cache: FrameCache[str] = FrameCache(limit * FRAME.nbytes, least)
    for t_ns, name in enumerate("abcd"):
        cache.put(name, FRAME, t_ns)
    return cache


def test_least_recently_used_pictures_go_first() -> None:
    cache = filled(4)
    assert cache.get("a", 0) is FRAME
    cache.put("e", FRAME, 4)
    assert kept(cache) == "acde"


def test_least_number_is_kept_whatever_its_size() -> None:
    assert kept(filled(1)) == "d"
    assert kept(filled(0)) == ""
    assert kept(filled(1, least=3)) == "bcd"


def test_pictures_of_the_past_are_forgotten_together() -> None:
    cache = filled(9)
    assert cache.get("a", 3) is FRAME
    assert cache.get("e", 3) is None
    cache.forget(2)
    assert kept(cache) == "acd"


def test_replaced_picture_counts_once() -> None:
    cache = filled(4)
    for _ in range(9):
        cache.put("a", FRAME, 0)
    assert kept(cache) == "abcd"
