"""Truth of rendered worlds: depth that fits known geometry, and boxes around the bodies."""

import numpy as np
import pytest

from simnet import world
from simnet.records import CameraConfig, Trajectory, WorldConfig, view_truth
from simnet.world.shifted_clocks import ShiftedWorld

MS = 1_000_000


def test_depth_boxes_and_pictures_of_a_street_fit() -> None:
    ahead = Trajectory(((0.0, -2.0, 0.0), (200.0, -2.0, 0.0)), 10.0, offset_m=12.0)
    behind = Trajectory(((0.0, -2.0, 0.0), (200.0, -2.0, 0.0)), 10.0)
    mount = (0.0, 0.0, 1.6)
    cameras = {
        name: CameraConfig(name, 128, 64, 100 * MS, 90.0, way, mount_m=mount, clock_ns=clock_ns)
        for name, way, clock_ns in (("lead/front", ahead, 0), ("car/front", behind, 0), ("late/front", behind, 50 * MS))
    }
    opened = world.open_world(WorldConfig("rendered"), cameras, 3)
    try:
        assert isinstance(opened, ShiftedWorld)
        before = opened.frame("car/front", 100 * MS)
        truth = world.truth(opened, "car/front", 100 * MS)
        shifted = world.truth(opened, "late/front", 150 * MS)
        assert np.array_equal(opened.frame("car/front", 100 * MS), before)
    finally:
        opened.close()
    assert truth is not None
    assert shifted is not None
    # Road straight below the horizon: 1.6 m under the camera.
    row = 60
    assert truth.depth_m[row, 40] == pytest.approx(1.6 * 64 / (row + 0.5 - 32), rel=0.01)
    assert np.isinf(truth.depth_m[0, 64]) or truth.depth_m[0, 64] > 20
    lead = next(each for each in truth.objects if abs(each.position_m[1] + 2) < 0.5 and each.position_m[0] < 20)
    assert lead.kind == "car"
    assert lead.depth_m == pytest.approx(12 - 2.15, abs=0.5)
    assert lead.visible > 0.5
    left, top, width, height = lead.box_px
    assert left < 64 < left + width  # straight ahead
    assert (width, height) == pytest.approx((1.8 * 64 / 9.9, 1.45 * 64 / 9.9), rel=0.3)
    assert 0 < top < 64
    assert np.array_equal(shifted.depth_m, truth.depth_m)
    again = view_truth.unpacked(view_truth.packed(truth))
    assert again is not None
    assert again.objects == truth.objects
    assert np.array_equal(again.depth_m, truth.depth_m)
    assert view_truth.unpacked(b"{}") is None
