"""The overlap of two cameras' views, for poses whose overlap is known by hand."""

import dataclasses
import math
from pathlib import Path
from typing import Any

from simnet.records import CameraConfig, Trajectory
from simnet.tracks import view_overlap as overlap
from simnet.tracks.poses import Pose
from support import sweep_folders as made
from support.sweep_views import page_of


def camera(**more: Any) -> CameraConfig:
    still = Trajectory(((0.0, 0.0, 0.0),), heading_deg=0.0)
    return dataclasses.replace(CameraConfig("car/front", 128, 128, 100_000_000, 90.0, still), **more)


def test_camera_sees_its_own_view_only() -> None:
    here, behind = Pose((0, 0, 1.5), 0, 0), Pose((0, 0, 1.5), 180, 0)
    assert overlap.view_share(camera(), here, camera(), here) == 1
    assert overlap.view_share(camera(), here, camera(), behind) == 0


def test_half_shifted_view_shares_half_the_ground() -> None:
    # From 40 m above, 90 degrees are 80 m across.
    here, further = Pose((0, 0, 40), 0, -90), Pose((0, 40, 40), 0, -90)
    assert overlap.view_share(camera(), here, camera(), further) == 0.5
    # From twice as high everything is seen; from half as high a quarter.
    assert overlap.view_share(camera(), here, camera(), Pose((0, 0, 80), 0, -90)) == 1
    assert overlap.view_share(camera(), here, camera(), Pose((0, 0, 20), 0, -90)) == 0.25


def test_wider_lens_sees_all_of_a_narrower_view() -> None:
    here = Pose((0, 0, 2), 30, -10)
    assert overlap.view_share(camera(), here, camera(field_of_view_deg=120.0), here) == 1
    half = math.degrees(2 * math.atan(0.5))
    assert overlap.view_share(camera(), here, camera(field_of_view_deg=half), here) == 0.25


def test_overlap_needs_known_camera_poses(whole: Path, tmp_path: Path) -> None:
    page = page_of(whole)
    assert page.plots["gain-overlap"]["data"][0]["x"]
    each = made.ask(tmp_path, made.point("atn", 0, {}))
    made.cell(tmp_path, each, 400, world="kitti_raw")
    page = page_of(tmp_path)
    assert "The world (kitti_raw) does not say where its cameras look" in page.text
    assert "plot-gain-overlap" not in page.ids
