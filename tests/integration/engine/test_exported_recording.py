"""The MCAP file of a run, read with its own reader, holds the run's pictures, bitstreams, rows, links, events and places."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from dataclasses import replace
from math import cos, radians, sin

import cv2
import jsonschema
import numpy as np
import pytest
from mcap.reader import make_reader

from simnet import codec, world
from simnet.drives import bag_drive
from simnet.errors import InputError, OutputError
from simnet.exports import frame_transforms
from simnet.records import Announcement, LossConfig, Trajectory, WorldConfig
from simnet.tracks import poses
from support.tiny_runs import MS, change_links


@pytest.fixture
def lossy(tiny):
    outages = ((300 * MS, 420 * MS),)
    return change_links(replace(tiny, duration_ns=800 * MS), loss=LossConfig("independent", 0.2), outages=outages)


def read(ran) -> tuple[dict[str, list[tuple[int, dict]]], dict[str, dict[str, str]], dict[str, str]]:
    """Return messages and channels' metadata by topic, and what the file says of the run; every message fits its schema."""
    messages, channels = defaultdict(list), {}
    with (ran.read.path / "run.mcap").open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        for schema, channel, message in reader.iter_messages():
            assert (schema.encoding, channel.message_encoding) == ("jsonschema", "json")
            content = json.loads(message.data)
            jsonschema.validate(content, json.loads(schema.data))
            messages[channel.topic].append((message.log_time, content))
            channels[channel.topic] = channel.metadata
        about = next(record.metadata for record in reader.iter_metadata() if record.name == "simnet")
    return messages, channels, about


def time_ns(stamp: dict[str, int]) -> int:
    return stamp["sec"] * 1_000_000_000 + stamp["nsec"]


def test_recording_holds_pictures_and_bitstreams(run, lossy):
    ran = run(lossy, exports=["mcap"], report=False, hosts=2)
    assert ran.result.summary["fingerprint"] == run(lossy, report=False).result.summary["fingerprint"]
    messages, channels, _ = read(ran)
    for stream in ("car/a", "van/b"):
        rows = ran.rows(stream)
        coded = messages[f"/{stream}/bitstream"]
        assert [(t_ns, each["sequence"], time_ns(each["timestamp"])) for t_ns, each in coded] == [
            (row.encode_ns, row.sequence, row.capture_ns) for row in rows
        ]
        decoder = codec.open_decoder(announcement(channels[f"/{stream}/bitstream"]))
        pictures = {
            hashlib.sha256(decoder.decode(base64.b64decode(each["data"]), ()).picture.tobytes()).hexdigest()[:32]: each[
                "sequence"
            ]
            for _, each in coded
        }
        seen = messages[f"/{stream}/decoded"]
        decoded = {row.capture_ns: row for row in rows if row.decode_ns is not None}
        assert len(seen) == len(decoded) < len(rows)
        for t_ns, image in seen:
            row = decoded[time_ns(image["timestamp"])]
            assert t_ns == row.decode_ns
            png = np.frombuffer(base64.b64decode(image["data"]), np.uint8)
            picture = cv2.cvtColor(cv2.imdecode(png, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
            assert hashlib.sha256(picture.tobytes()).hexdigest()[:32] == row.picture_digest
            assert pictures[row.picture_digest] == row.sequence


def test_originals_of_a_recording_are_a_world_with_its_nodes(run, tiny):
    moving = Trajectory(((0.0, 0.0, 1.0), (10.0, 0.0, 1.0)), speed_mps=10.0)
    car = tiny.nodes[0]
    cameras = tuple(replace(each, trajectory=moving, mount_m=(1.0, 0.5, 0.5), yaw_deg=30.0) for each in car.cameras)
    nodes = (replace(car, trajectory=moving, cameras=cameras), *tiny.nodes[1:])
    ran = run(replace(tiny, duration_ns=400 * MS, nodes=nodes), exports=["mcap"], report=False)
    messages, _, _ = read(ran)
    assert set(tiny.cameras) == {topic.removesuffix("/original")[1:] for topic in messages if "/original" in topic}
    path = ran.read.path / "run.mcap"
    found = {node.name: node for node in bag_drive.describe(path, None, None).nodes}
    camera = found["car"].cameras[0]
    assert (camera.name, camera.source, camera.phase_ns) == ("a", "/car/a/original", cameras[0].phase_ns)
    assert (*camera.mount_m, camera.yaw_deg, camera.view_deg) == pytest.approx(
        (1, 0.5, 0.5, 30, cameras[0].field_of_view_deg)
    )
    assert found["car"].path.places_m[-1] == pytest.approx((3, 0, 1))
    recorded = {name: replace(each, source=f"/{name}/original") for name, each in tiny.cameras.items()}
    again, before = (
        world.open_world(WorldConfig("rosbag", path=str(path)), recorded, 0),
        world.open_world(tiny.world, tiny.cameras, 0),
    )
    for name, each in tiny.cameras.items():
        for t_ns in range(each.phase_ns, 400 * MS, each.period_ns):
            assert (again.frame(name, t_ns) == before.frame(name, t_ns)).all()


def announcement(metadata: dict[str, str]) -> Announcement:
    sizes = {name: int(metadata[name]) for name in ("width", "height", "slices")}
    return Announcement(**{**metadata, **sizes})


def test_recording_holds_rows_links_and_events(run, lossy):
    ran = run(lossy, exports=["mcap"], report=False)
    messages, _, about = read(ran)
    assert about["fingerprint"] == ran.result.summary["fingerprint"]
    assert "1970-01-01T00:00:00Z" in about["epoch"]
    rows = sorted((row for _, row in messages["/car/a/row"]), key=lambda row: row["sequence"])
    for told, row in zip(rows, ran.rows("car/a"), strict=True):
        assert (told["outcome"], told["link_bytes"], told.get("psnr_db")) == (
            row.outcome.value,
            row.link_bytes,
            row.psnr_db,
        )
    told = [(t_ns, each["delivered_bytes"]) for t_ns, each in messages["/links/car-hub"]]
    assert told == [(each.t_ns, each.delivered_bytes) for each in ran.read.bins if each.link == "car-hub"]
    events = [(t_ns, each["name"], each["message"]) for t_ns, each in messages["/events"]]
    assert (300 * MS, "car-hub", "outage begins") in events
    assert (420 * MS, "van-hub", "outage ends") in events
    lost = {row.sequence for row in ran.rows("car/a") if row.outcome.value == "lost"}
    assert (
        {text for _, name, text in events if name == "car/a"}
        == {f"frame {sequence}: lost" for sequence in lost}
        != set()
    )
    assert [t_ns for t_ns, _ in messages["/transforms"]] == list(range(0, 800 * MS, 100 * MS))


def test_recording_places_nodes_and_cameras(tiny):
    way = Trajectory(((0.0, 0.0, 1.0), (100.0, 100.0, 1.0)), speed_mps=10.0)
    camera = replace(tiny.nodes[0].cameras[0], trajectory=way, mount_m=(2.0, 1.0, 0.5), yaw_deg=30.0, pitch_deg=-20.0)
    scenario = replace(tiny, nodes=(replace(tiny.nodes[0], trajectory=way, cameras=(camera,)),))
    node, own, optical = frame_transforms.transforms(scenario, 1_000 * MS)
    assert (node["parent_frame_id"], node["child_frame_id"]) == ("world", "car")
    assert (own["parent_frame_id"], own["child_frame_id"]) == ("car", "car/a")
    place = vector(node["translation"]) + turned(node["rotation"], vector(own["translation"]))
    pose = poses.camera_pose(camera, 1_000 * MS)
    assert place == pytest.approx(pose.position_m)
    yaw, pitch = radians(pose.yaw_deg), radians(pose.pitch_deg)
    ahead = turned(node["rotation"], turned(own["rotation"], np.array([1.0, 0.0, 0.0])))
    assert ahead == pytest.approx([cos(yaw) * cos(pitch), sin(yaw) * cos(pitch), sin(pitch)])
    assert (optical["parent_frame_id"], optical["child_frame_id"]) == ("car/a", "car/a/optical")
    assert turned(optical["rotation"], np.array([0.0, 0.0, 1.0])) == pytest.approx([1, 0, 0])


def vector(of: dict[str, float]) -> np.ndarray:
    return np.array([of["x"], of["y"], of["z"]])


def turned(by: dict[str, float], what: np.ndarray) -> np.ndarray:
    axis = vector(by)
    return what + 2 * np.cross(axis, np.cross(axis, what) + by["w"] * what)


@pytest.mark.parametrize("hosts", [0, 2])
def test_failed_run_leaves_no_recording(run, lossy, tmp_path, hosts):
    def fail(now_ns: int) -> None:
        if now_ns >= 400 * MS:
            raise InputError("enough")

    with pytest.raises(InputError, match="enough"):
        run(lossy, exports=["mcap", "pcap"], progress=fail, hosts=hosts)
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert not {name for name in left if name.startswith(("run.mcap", "packets"))}


def test_unwritable_recording_is_one_line(run, lossy, monkeypatch):
    from simnet.exports.mcap_recording import Writer

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Writer, "add_message", full)
    with pytest.raises(OutputError, match=r"run\.mcap: cannot be written: No space left on device"):
        run(lossy, exports=["mcap"])
