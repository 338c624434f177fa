"""What the frozen runs bring of their own, in whole numbers alone: the same pictures and bytes on every machine.

Its source is part of every bitstream's announcement: whoever changes a letter of it makes the tables anew.
"""

import os
import signal
from pathlib import Path

import numpy as np


class Drifting:
    """Chequered ground that drifts past; each camera is a little ahead of the one before it."""

    def __init__(self, config, cameras, seed):
        self._cameras = cameras
        self._ahead = {name: 5 * place for place, name in enumerate(sorted(cameras))}

    def frame(self, camera, t_ns):
        size = self._cameras[camera]
        x = np.arange(size.width)[None, :] + t_ns // 40_000_000 + self._ahead[camera]
        y = np.arange(size.height)[:, None]
        light = (x // 16 + y // 12) % 2 * 90 + x // 3 % 16 * 4 + y * 60 // size.height
        return np.stack([light, light // 2 + 40, 255 - light], axis=2).astype(np.uint8)


class Frozen:
    """Every n-th pixel of every n-th line. It ends a process at a named frame if the environment says so.

    FREEZE_FRAME: at which frame. FREEZE_MARK: a file that is made then; nothing ends while it is there. FREEZE_BROKER: a file
    that holds the process to kill; without it, its own ends.
    """

    times_ns = (2_000_000, 1_000_000)
    takes_side = True

    def __init__(self):
        self._coded = 0

    def encode(self, image, quality):
        if self._coded == int(os.environ.get("FREEZE_FRAME", "-1")):
            self._end()
        self._coded += 1
        step = 3 + round(13 * (1 - quality))
        return bytes([step]) + image[::step, ::step].tobytes()

    def decode(self, payload, width, height, side):
        step = payload[0]
        small = np.frombuffer(payload[1:], np.uint8).reshape(-(-height // step), -(-width // step), 3)
        picture = small.repeat(step, 0).repeat(step, 1)[:height, :width]
        return picture // 2 + side[0] // 2 if side else picture

    @staticmethod
    def _end():
        mark = Path(os.environ["FREEZE_MARK"])
        if mark.exists():
            return
        mark.touch()
        if file := os.environ.get("FREEZE_BROKER"):
            os.kill(int(Path(file).read_text()), signal.SIGKILL)
        else:
            os._exit(9)
