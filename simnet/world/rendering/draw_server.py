"""Process that draws: it answers the requests of its owner, one after the other, and ends with it.

    owner ── SceneSetting, ViewRequest, TruthRequest ──▶ pipe ──▶ StagedScene ──▶ picture ──▶ shared memory
          ◀── None, the truth, or the exception ─────── pipe ◀──────────────────────┘

Panda3D's software renderer corrupted the memory of processes in which other threads worked; here it has a process to itself.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import pickle
import signal
import sys
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import numpy as np

from simnet.errors import NodeError, SimnetError
from simnet.library_threads import limited
from simnet.world.rendering.render_requests import SceneSetting, TruthRequest, ViewRequest

if TYPE_CHECKING:
    from simnet.records.view_truth import ViewTruth
    from simnet.world.rendering.staged_scene import StagedScene

_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


def main(pipe: int, memory: int, owner: int) -> None:
    """Draw until the owner ends or closes its end of the pipe.

    Args:
        pipe: File descriptor of requests and answers.
        memory: File descriptor of the memory that takes each picture.
        owner: Process id of the owner, which started this process.
    """
    # An interrupt is for the owner, which then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with(owner)
    with suppress(OSError), limited():  # OSError: the owner has closed the pipe
        _serve(Connection(pipe), mmap.mmap(memory, 0))
    # Nothing is left to tidy, and Panda3D's own end takes time.
    os._exit(0)


def _end_with(owner: int) -> None:
    """Let the kernel kill this process when the owner's thread that started it ends; without Linux, the end of the pipe does."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != owner:  # it ended before that
        os._exit(0)


def _serve(pipe: Connection, memory: mmap.mmap) -> None:
    scene: StagedScene | None = None
    while True:
        try:
            request: SceneSetting | ViewRequest | TruthRequest = pipe.recv()
        except EOFError:
            return
        answer: Exception | ViewTruth | None = None
        try:
            if isinstance(request, SceneSetting):
                scene = _build(request)
            elif isinstance(request, TruthRequest):
                answer = _built(scene).truth(request.view)
            else:
                _draw(_built(scene), request, memory)
        except Exception as error:
            answer = _portable(error)
        pipe.send(answer)


def _build(setting: SceneSetting) -> StagedScene:
    from simnet.world.rendering.staged_scene import StagedScene

    return StagedScene(setting)


def _built(scene: StagedScene | None) -> StagedScene:
    if scene is None:
        raise NodeError("world: a picture was requested before its scene; expected the scene first")
    return scene


def _draw(scene: StagedScene, view: ViewRequest, memory: mmap.mmap) -> None:
    picture = scene.draw(view)
    np.frombuffer(memory, np.uint8, picture.size).reshape(picture.shape)[:] = picture


def _portable(error: Exception) -> Exception:
    """Return an exception that the owner can unpickle; an unexpected one says where it was raised."""
    if not isinstance(error, SimnetError):
        error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return NodeError(f"world: the renderer failed: {type(error).__name__}: {error}")
    return error
