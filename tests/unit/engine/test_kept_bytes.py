"""What the estimate of a run says of its kept pictures."""

from __future__ import annotations

from simnet import scenario
from simnet.engine.results.scorer import kept_bytes


def test_kept_pictures_are_estimated_by_size_and_number_of_streams() -> None:
    one = kept_bytes(scenario.load("stereo_pair", ["nodes.*.cameras.*.size=[64, 32]"]))
    assert one == 3 * 3 * 64 * 32 * 3 // 2
    assert kept_bytes(scenario.load("stereo_pair", ["nodes.*.cameras.*.size=[128, 64]"])) == 4 * one
