"""MCAP files with pictures, calibrations and poses, altered: played as far as they go, or refused in bounded memory."""

import os
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from mcap.writer import CompressionType

from fuzz.mutations import altered
from simnet.drives import bag_drive
from simnet.errors import InputError
from simnet.world.recordings.bag_playback import BagPlayback
from support.hostile_pictures import small
from support.ros_bags import OPTICAL, BagWriter

REFUSED = (InputError,)
VALID: list[bytes] = []
INPUTS = st.deferred(lambda: altered(VALID)) | st.binary(max_size=64)
FILE = Path(os.getcwd()) / "bag.mcap"


def prepare() -> None:
    for compression in CompressionType:
        with BagWriter(FILE, compression=compression, chunk_size=4000) as bag:
            bag.transforms(0, ("base_link", "optical", (1.0, 0.0, 1.0), OPTICAL), static=True)
            bag.info("/cam/camera_info", 16, 32.0)
            for k in range(4):
                bag.odometry("/odom", 100 * k, k, 0.0, 0.0)
                bag.fix("/fix", 100 * k, 50.0 + 1e-5 * k, 10.0, 3.0)
                bag.image("/cam/image_raw", 100 * k, np.zeros((16, 16, 3), np.uint8))
                bag.compressed("/other/compressed", 100 * k, bytes(small("JPEG")))
        VALID.append(FILE.read_bytes())
        attempt(VALID[-1])


def attempt(data: bytes) -> None:
    FILE.write_bytes(data)
    try:
        bag_drive.describe(FILE, None, None)
        for topic in bag_drive.cameras_of(FILE):
            played = BagPlayback(FILE, topic, "node/camera")
            played.end_ns(10**12)
            assert played.read(0).dtype == np.uint8
    except InputError as error:
        check_text(str(error))
        raise


def check_text(said: str) -> None:
    assert said.isprintable()
    assert str(FILE) in said
