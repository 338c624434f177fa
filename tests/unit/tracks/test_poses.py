"""Where things are at a time: straight lines, corners, ends, and mounts that turn with their vehicle."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.records import SECOND_NS, CameraConfig, Trajectory
from simnet.tracks import poses

CORNER = Trajectory(((0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (10.0, 20.0, 0.0)), speed_mps=5.0)

coordinates = st.floats(-1000, 1000).map(lambda value: round(value, 3))
points = st.tuples(coordinates, coordinates, coordinates)
trajectories = st.builds(
    Trajectory,
    st.lists(points, min_size=1, max_size=5, unique=True).map(tuple),
    st.floats(0, 50),
    st.floats(-100, 100),
)
times = st.integers(0, 1000 * SECOND_NS)


def camera(trajectory, **rest):
    return CameraConfig("n/c", 64, 32, 100_000_000, 90.0, trajectory, **rest)


def test_fixed_pose_keeps_place_and_heading():
    fixed = Trajectory(((3.0, 4.0, 5.0),), heading_deg=30.0)
    assert poses.position(fixed, 7 * SECOND_NS) == (3.0, 4.0, 5.0)
    assert poses.heading_deg(fixed, 0) == 30.0
    assert poses.heading_deg(Trajectory(((3.0, 4.0, 5.0),)), 0) == 0.0


@pytest.mark.parametrize(
    ("seconds", "place", "heading"),
    [(0, (0, 0, 0), 0), (1, (5, 0, 0), 0), (2, (10, 0, 0), 90), (4, (10, 10, 0), 90), (8, (10, 30, 0), 90)],
)
def test_path_turns_at_corners_and_continues_straight(seconds, place, heading):
    assert poses.position(CORNER, seconds * SECOND_NS) == pytest.approx(place)
    assert poses.heading_deg(CORNER, seconds * SECOND_NS) == pytest.approx(heading)


def test_path_extends_backwards_before_its_start():
    late = Trajectory(CORNER.waypoints_m, speed_mps=5.0, offset_m=-15.0)
    assert poses.position(late, 0) == pytest.approx((-15, 0, 0))
    assert poses.heading_deg(late, 0) == 0.0


def test_mount_turns_with_its_vehicle():
    pose = poses.camera_pose(camera(CORNER, mount_m=(2.0, 0.5, 1.4), yaw_deg=10.0, pitch_deg=-5.0), 4 * SECOND_NS)
    assert pose.position_m == pytest.approx((9.5, 12.0, 1.4))
    assert (pose.yaw_deg, pose.pitch_deg) == pytest.approx((100.0, -5.0))


@given(trajectories, times, st.integers(0, 10 * SECOND_NS))
def test_speed_is_never_exceeded(trajectory, t_ns, later_ns):
    gone = math.dist(poses.position(trajectory, t_ns), poses.position(trajectory, t_ns + later_ns))
    assert gone <= trajectory.speed_mps * later_ns / SECOND_NS + 1e-6


@given(trajectories, trajectories, times)
def test_distance_is_symmetric_and_zero_to_itself(a, b, t_ns):
    assert poses.distance_m(a, b, t_ns) == poses.distance_m(b, a, t_ns) >= 0
    assert poses.distance_m(a, a, t_ns) == 0


@given(trajectories, times, points)
def test_mount_keeps_its_distance_from_the_vehicle(trajectory, t_ns, mount):
    pose = poses.camera_pose(camera(trajectory, mount_m=mount), t_ns)
    away = math.dist(pose.position_m, poses.position(trajectory, t_ns))
    assert away == pytest.approx(math.hypot(*mount), abs=1e-6)
