"""Rendered scenes: the same frame everywhere, true parallax, and vehicles that others see."""

import os
import subprocess
import sys
import types

import cv2
import numpy as np
import pytest

from simnet import testing, world
from simnet.errors import InputError
from simnet.records import SECOND_NS, CameraConfig, Trajectory, WorldConfig

ROAD = ((0.0, -2.0, 0.0), (200.0, -2.0, 0.0))
STREET = WorldConfig("rendered", "street")


def camera(name, trajectory, **rest):
    settings = {"mount_m": (0.5, 0.0, 1.4), **rest}
    return CameraConfig(name, 128, 64, 100_000_000, 80.0, trajectory, **settings)


def rig():
    lead = Trajectory(ROAD, 10.0, offset_m=40.0)
    chase = Trajectory(ROAD, 10.0, offset_m=30.0)
    mast = Trajectory(((60.0, 8.0, 5.0),))
    found = [
        camera("lead/front", lead),
        camera("lead/right", lead, mount_m=(0.5, -0.6, 1.4)),
        camera("chase/front", chase),
        camera("mast/down", mast, yaw_deg=-120.0, pitch_deg=-20.0),
    ]
    return {each.name: each for each in found}


@pytest.fixture(scope="module")
def street():
    opened = world.open_world(STREET, rig(), seed=7)
    yield opened
    opened.close()


def test_frames_have_requested_size_contrast_and_colour(street):
    frame = street.frame("lead/front", 0)
    assert (frame.shape, frame.dtype) == ((64, 128, 3), np.uint8)
    assert frame.std() > 20
    assert np.ptp(frame.astype(int), axis=2).mean() > 5


@pytest.mark.parametrize("scene", ["street", "field", "intersection"])
def test_frames_have_detail_at_every_scale(scene):
    """Natural pictures' power falls as about 1/f^2: a toy's flat areas fall much faster."""
    way = Trajectory(((0.0, -2.0, 30.0 if scene == "field" else 1.5),))
    pitch = -70.0 if scene == "field" else 0.0
    single = CameraConfig("a/b", 256, 256, 1, 80.0, way, pitch_deg=pitch)
    opened = world.open_world(WorldConfig("rendered", scene), {"a/b": single}, seed=1)
    grey = opened.frame("a/b", 0).mean(axis=2)
    opened.close()
    power = np.abs(np.fft.rfft2((grey - grey.mean()) * np.outer(np.hanning(256), np.hanning(256)))) ** 2
    radius = np.hypot(np.fft.fftfreq(256)[:, None] * 256, np.arange(129)[None])
    rings = np.array([8, 12, 17, 24, 34, 48, 68])
    mean = [power[(radius >= low) & (radius < 1.3 * low)].mean() for low in rings]
    slope = np.polyfit(np.log(rings), np.log(mean), 1)[0]
    assert -3.2 < slope < -1.2


def test_another_process_renders_equal_frames(street):
    code = (
        "import hashlib, pickle, sys; from simnet import world\n"
        "config, cameras = pickle.load(sys.stdin.buffer)\n"
        "opened = world.open_world(config, cameras, seed=7)\n"
        "for name in reversed(cameras):\n"
        "    print(name, hashlib.sha256(opened.frame(name, 1_300_000_000).tobytes()).hexdigest())\n"
    )
    import hashlib
    import pickle

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        input=pickle.dumps((STREET, rig())),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    there = dict(line.split() for line in done.stdout.decode().splitlines())
    here = {name: hashlib.sha256(street.frame(name, 1_300_000_000).tobytes()).hexdigest() for name in rig()}
    assert there == here
    assert done.stderr == b""


class Opened(testing.WorldUnderTest):
    """The street, once: to build it takes longer than to look at it."""

    length_ns = None

    def open(self):
        return types.SimpleNamespace(frame=self.world.frame, close=lambda: None)


@pytest.mark.parametrize("check", testing.WORLD_CHECKS[:4])
def test_rendered_world_passes_the_conformance_suite(street, check):
    check(Opened(street, cameras=rig()))


def shift(left, right, rows, columns):
    """Return by how many pixels a piece of `left` lies further left in `right`, to a fraction of one."""
    large = [cv2.resize(view, None, fx=4, fy=1, interpolation=cv2.INTER_CUBIC) for view in (left, right)]
    piece = large[0][rows, 4 * columns.start : 4 * columns.stop]
    found = cv2.matchTemplate(large[1][rows], piece, cv2.TM_CCOEFF_NORMED)
    return columns.start - int(found.argmax()) / 4


def test_nearer_objects_shift_more_between_cameras(street):
    """With pin-hole cameras 0.6 m apart and 1.4 m above the road, a road point y rows down shifts by 0.6 y / 1.4."""
    left, right = (street.frame(name, 0) for name in ("lead/front", "lead/right"))
    assert shift(left, right, slice(60, 62), slice(40, 90)) == pytest.approx(0.6 * 29 / 1.4, abs=0.6)
    assert shift(left, right, slice(50, 52), slice(40, 90)) == pytest.approx(0.6 * 19 / 1.4, abs=0.6)
    assert shift(left, right, slice(24, 36), slice(54, 74)) < 2.0


def test_vehicles_see_others_but_not_themselves():
    cameras = rig()
    alone = {name: cameras[name] for name in ("chase/front", "mast/down")}
    both, without = (world.open_world(STREET, which, seed=7) for which in (cameras, alone))
    assert not np.array_equal(both.frame("chase/front", 0), without.frame("chase/front", 0))
    one = world.open_world(STREET, {n: c for n, c in cameras.items() if n != "chase/front"}, seed=7)
    assert np.array_equal(both.frame("lead/front", 0), one.frame("lead/front", 0))
    for each in (both, without, one):
        each.close()


def test_fixed_camera_sees_cars_move(street):
    assert not np.array_equal(street.frame("mast/down", 0), street.frame("mast/down", SECOND_NS))


def test_another_seed_renders_another_street(street):
    other = world.open_world(STREET, rig(), seed=8)
    difference = np.abs(other.frame("lead/front", 0).astype(int) - street.frame("lead/front", 0))
    other.close()
    assert difference.mean() > 15


def test_unknown_scene_is_refused():
    with pytest.raises(InputError, match="no scene 'beach'; expected one of street, field, intersection"):
        world.open_world(WorldConfig("rendered", "beach"), rig(), seed=1)


def test_rendered_world_has_no_end():
    assert world.end_ns(STREET, rig(), 1 << 60) is None
