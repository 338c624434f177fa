"""Renderer in a process of its own: it is started again if it dies, and draws again what it was drawing.

A picture depends on nothing but its request, so it does not matter which process draws it.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from simnet.errors import NodeError
from simnet.world.rendering.draw_process import DrawProcess
from simnet.world.rendering.render_requests import TruthRequest

if TYPE_CHECKING:
    import numpy as np

    from simnet.records.view_truth import ViewTruth
    from simnet.world.rendering.render_requests import SceneSetting, ViewRequest

_LOG = logging.getLogger(__name__)
ATTEMPTS = 2
"""How many processes may die of one request."""


class DrawClient:
    """Draws views of one scene at a time. Any thread may call it."""

    def __init__(self, picture_bytes: int) -> None:
        """Start nothing yet; `picture_bytes` is the size of the largest picture."""
        self._picture_bytes = picture_bytes
        self._asking, self._changing = threading.Lock(), threading.Lock()
        self._process: DrawProcess | None = None
        self._setting: SceneSetting | None = None
        self._closed = False

    def build(self, setting: SceneSetting) -> None:
        """Build the scene that later views show.

        Raises:
            InputError: There is no such scene.
            NodeError: The process died twice.
        """
        with self._asking:
            self._setting = None
            self._ask(setting, f"the scene {setting.scene!r} of seed {setting.seed} was built")
            self._setting = setting

    def draw(self, view: ViewRequest, what: str) -> np.ndarray:
        """Return a picture of the scene: uint8, height x width x 3, RGB; `what` names it in errors.

        Raises:
            NodeError: The process died twice, or the renderer was closed.
        """
        with self._asking:
            process, _ = self._ask(view, f"{what} was drawn")
            return process.picture(view.height, view.width)

    def truth(self, view: ViewRequest, what: str) -> ViewTruth:
        """Return depth and objects of a view; `what` names it in errors.

        Raises:
            NodeError: As `draw`.
        """
        with self._asking:
            _, found = self._ask(TruthRequest(view), f"the truth of {what} was drawn")
        assert found is not None, "the process answers a request for a truth with one"
        return found

    def close(self) -> None:
        """End the process; calls that wait for it, and later ones, raise NodeError."""
        with self._changing:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        with self._asking:
            self._drop()

    @property
    def peak_bytes(self) -> int:
        """The peak resident size of the process; 0 without one."""
        process = self._process
        return 0 if process is None else process.peak_bytes

    @property
    def core_seconds(self) -> float:
        """What the process has taken of the processor; 0 without one."""
        process = self._process
        return 0.0 if process is None else process.core_seconds

    def _ask(
        self, request: SceneSetting | ViewRequest | TruthRequest, what: str
    ) -> tuple[DrawProcess, ViewTruth | None]:
        """Let a process do what is requested; return that process, and what it answered."""
        why = ""
        for _ in range(ATTEMPTS):
            try:
                process, answer = self._attempt(request)
            except (EOFError, OSError) as error:
                why = (self._process and self._process.ending()) or str(error)
                self._drop()
                _LOG.info("the renderer's process died while %s: %s", what, why)
            except BaseException:
                self._drop()  # its answer is still to come
                raise
            else:
                if isinstance(answer, Exception):
                    raise answer
                return process, answer
            self._check_open()
        raise NodeError(
            f"world: the renderer's process died {ATTEMPTS} times while {what}: {why}; expected it to live: "
            "free memory if there is little, or choose another seed or scene"
        )

    def _attempt(
        self, request: SceneSetting | ViewRequest | TruthRequest
    ) -> tuple[DrawProcess, Exception | ViewTruth | None]:
        process = self._process
        if process is not None and process.owner == os.getpid():  # not one that this process was forked with
            return process, process.ask(request)
        process = self._start()
        if self._setting is not None and (failure := process.ask(self._setting)) is not None:
            return process, failure
        return process, process.ask(request)

    def _start(self) -> DrawProcess:
        self._check_open()
        self._process = None
        process = DrawProcess(self._picture_bytes)
        with self._changing:
            self._process = process
            if self._closed:
                process.kill()
        return process

    def _drop(self) -> None:
        with self._changing:
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def _check_open(self) -> None:
        if self._closed:
            raise NodeError("world: the renderer was closed; expected no request after that")
