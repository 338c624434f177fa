"""A budget of processor time: what each part of a run takes of the cores, all of which adds up to what its processes took.

    | part | what counts |
    |---|---|
    | start-up | everything before the clock starts, building the scene too |
    | render | drawing or reading the frames of the world |
    | encode, decode | the codecs, with side information |
    | link | the clock, links, transports, the ledger |
    | score | PSNR and MS-SSIM |
    | write | kept pictures, rows, links, exports, the report |
    | engine | what is left while the clock runs: grants, messages, planning, the journal |

A part is measured by the processor clock of the thread that does it. What threads of native libraries take (inference, x265's
own thread) is read once, and shared out by how long each part waited for them.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from simnet.engine.timing.thread_timer import AWAY, CORES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LINK = "network"
"""Part of `ThreadTimer`: the kernel's own thread, without what nodes do."""
ENGINE = "nodes asked"
"""Part of `ThreadTimer`: the kernel's own thread while it talks to nodes."""
HIDDEN = (CORES, AWAY, LINK, ENGINE)
"""Ends of the names of parts that are measured for the budget alone."""
_PARTS = {
    "render": "world frames",
    "encode": "encoding",
    "decode": "decoding",
    "link": LINK,
    "score": "scoring",
    "write": "keeping pictures",
}


class CoreBudget:
    """Processor seconds of a run, by part; `world_s` tells what processes of the world have taken."""

    def __init__(self, world_s: Callable[[], float]) -> None:
        self._world_s = world_s
        self._ran: dict[str, float] = {}

    def starts(self) -> None:
        """The clock starts now."""
        self._own_s, self._native_s, self._drawn_s = process_time(), native_seconds(), self._world_s()

    def ends(self, seconds: Mapping[str, float]) -> None:
        """The clock has ended, and `seconds` were measured by part (`ThreadTimer.seconds`)."""
        ended_s = process_time()
        own_s, native_s = ended_s - self._own_s, native_seconds() - self._native_s
        away_s = sum(seconds.get(name + AWAY, 0.0) for name in _PARTS.values())
        ran = self._ran
        for part, name in _PARTS.items():
            share = seconds.get(name + AWAY, 0.0) / away_s if away_s else 0.0
            ran[part] = seconds.get(name + CORES, 0.0) + share * native_s
        ran["engine"] = max(0.0, own_s - sum(ran.values()))
        ran["render"] += self._world_s() - self._drawn_s
        ran["start-up"] = self._own_s + self._drawn_s
        self._ended_s = ended_s

    def told(self) -> dict[str, float]:
        """Return the seconds by part until now; what comes behind the clock is writing."""
        told = dict(self._ran)
        told["write"] += process_time() - self._ended_s
        order = ("start-up", "engine", "render", "encode", "link", "decode", "score", "write")
        return {part: round(told[part], 3) for part in order}


def native_seconds() -> float:
    """Return what this process's threads that are not Python's have taken of the processor; 0 where nothing says it."""
    if sys.platform != "linux":
        return 0.0
    own = {thread.native_id for thread in threading.enumerate()}
    return sum(_thread_s(int(name)) for name in os.listdir("/proc/self/task") if int(name) not in own)


def _thread_s(number: int) -> float:
    try:
        return int(Path(f"/proc/self/task/{number}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    except OSError:
        return 0.0  # it has ended
