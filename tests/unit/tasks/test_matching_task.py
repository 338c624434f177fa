"""Matching of features: what is found again, and the geometry of two views with known truth."""

import math

import cv2
import numpy as np
import pytest

from simnet.tasks.camera_view import View, motion, rotation
from simnet.tasks.geometry import homography_error_px, pose_error_deg
from simnet.tasks.matching import Matching
from simnet.tracks.poses import Pose

TURN = np.array([[1.0, 0.02, 4.0], [-0.02, 1.0, 3.0], [0.0, 0.0, 1.0]])


@pytest.fixture(scope="module")
def wall() -> np.ndarray:
    coarse = np.random.default_rng(4).integers(0, 256, (24, 32, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (128, 96), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_original_has_all_its_features(wall: np.ndarray) -> None:
    assert Matching().measure(View("a", wall, wall), None) == {"found": 100.0}


def test_grey_picture_has_none_of_them(wall: np.ndarray) -> None:
    assert Matching().measure(View("a", np.full_like(wall, 128), wall), None) == {"found": 0.0}


def test_homography_of_a_turned_wall_is_found(wall: np.ndarray) -> None:
    turned = cv2.warpPerspective(wall, TURN, (128, 96), borderMode=cv2.BORDER_REFLECT).astype(np.uint8)
    task = Matching(geometry="homography", has_partner=True)
    found = task.measure(View("a", wall, wall), View("b", turned, turned))
    assert found["solved"] == 100
    assert found["error_px"] == 0  # the originals themselves
    assert found["inliers"] > 30
    blurred = cv2.GaussianBlur(turned, (0, 0), 3)
    worse = task.measure(View("a", wall, wall), View("b", np.asarray(blurred, np.uint8), turned))
    assert worse["inliers"] < found["inliers"]


def test_view_without_features_is_not_registered(wall: np.ndarray) -> None:
    task = Matching(geometry="homography", has_partner=True)
    turned = cv2.warpPerspective(wall, TURN, (128, 96), borderMode=cv2.BORDER_REFLECT).astype(np.uint8)
    grey = np.full_like(wall, 128)
    found = task.measure(View("a", grey, wall), View("b", turned, turned))
    assert found == {"found": 0.0, "inliers": 0.0, "solved": 0.0}


def test_pose_is_held_against_the_true_one() -> None:
    draw = np.random.default_rng(6)
    first, second = Pose((0.0, 0.0, 0.0), 0.0, 0.0), Pose((0.4, -0.3, 0.1), 4.0, 1.0)
    places = draw.uniform((6, -4, -2), (12, 4, 2), (150, 3))
    view = View("a", np.zeros((96, 128, 3), np.uint8), np.zeros((96, 128, 3), np.uint8), 0, 90.0)
    assert view.focal_px == pytest.approx(64)

    def seen(pose: Pose) -> np.ndarray:
        own = (places - pose.position_m) @ rotation(pose).T
        return view.rays(own[:, :2] / own[:, 2:] * 64 + (63.5, 47.5))

    one, two = seen(first), seen(second)
    essential, agree = cv2.findEssentialMat(one, two, np.eye(3), cv2.RANSAC, 0.999, 0.01)
    _, turned, moved, _ = cv2.recoverPose(essential, one, two, np.eye(3), mask=agree)
    assert pose_error_deg((turned, moved[:, 0]), motion(first, second)) < 0.1


def test_errors_of_geometries() -> None:
    shifted = np.array([[1.0, 0, 3], [0, 1, 4], [0, 0, 1]])
    assert homography_error_px(shifted, np.eye(3), (64, 32)) == pytest.approx(5)
    assert homography_error_px(np.zeros((3, 3)), np.eye(3), (64, 32)) == pytest.approx(math.hypot(64, 32))
    turned = cv2.Rodrigues(np.array([0.0, math.radians(30), 0.0]))[0]
    along, across = np.array([1.0, 0, 0]), np.array([0.0, 2, 0])
    assert pose_error_deg((turned, along), (np.eye(3), along)) == pytest.approx(30)
    assert pose_error_deg((turned, along), (np.eye(3), across)) == pytest.approx(90)
    assert pose_error_deg((turned, along), (np.eye(3),)) == pytest.approx(30)
