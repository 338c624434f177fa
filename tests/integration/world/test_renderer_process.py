"""The renderer's process: it draws what is drawn without it, comes back when it dies, and ends with its owner.

world.frame ── ViewRequest ──▶ renderer ──▶ picture in shared memory
"""

import hashlib
import multiprocessing
import os
import random
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from simnet import world
from simnet.errors import NodeError
from simnet.world.rendering import draw_process
from simnet.world.rendering.draw_client import DrawClient
from simnet.world.rendering.render_requests import SceneSetting
from simnet.world.rendering.rendered import RenderedWorld
from support import painted_scene
from support.render_processes import CAMERA, OWNER, SCENE, kill_renderers, renderers_of, start_python
from support.waiting import wait_until

FRAMES = 4
STEP_NS = 300_000_000


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> Iterator[RenderedWorld]:
    """A world whose renderer's process paints noise: it starts in no time."""
    monkeypatch.setattr(draw_process, "draw_server", painted_scene)
    opened = _open()
    yield opened
    opened.close()


def _open() -> RenderedWorld:
    opened = world.open_world(SCENE, {"a/b": CAMERA}, seed=7)
    assert isinstance(opened, RenderedWorld)
    return opened


def _frames(opened: RenderedWorld) -> list[str]:
    return [_digest(opened.frame("a/b", number * STEP_NS)) for number in range(FRAMES)]


def _shared_memory() -> set[str]:
    return {name for name in os.listdir("/dev/shm") if not name.startswith("sem.")}


def _digest(picture: np.ndarray) -> str:
    return hashlib.sha256(picture.tobytes()).hexdigest()


def test_process_draws_the_bytes_that_are_drawn_without_it() -> None:
    code = f"""
import hashlib
from simnet.tracks import poses
from simnet.world.rendering.render_requests import SceneSetting, ViewRequest
from simnet.world.rendering.staged_scene import StagedScene
from support import painted_scene
from support.render_processes import CAMERA
scene = StagedScene(SceneSetting("field", 7, (), {{"a/b": CAMERA}}))
for number in range({FRAMES}):
    t_ns = number * {STEP_NS}
    view = ViewRequest(poses.camera_pose(CAMERA, t_ns), t_ns / 1e9, 80.0, 64, 32, CAMERA.trajectory)
    print(hashlib.sha256(scene.draw(view).tobytes()).hexdigest())
"""
    drawn = start_python(code)
    said, complaints = drawn.communicate(timeout=60)
    assert (complaints, drawn.returncode) == ("", 0)
    opened = _open()
    assert _frames(opened) == said.split()
    assert "panda3d.core" not in sys.modules
    opened.close()
    assert len(set(said.split())) == FRAMES


def test_killed_renderer_is_replaced_between_pictures(painted: RenderedWorld) -> None:
    whole = _frames(painted)
    before = renderers_of(os.getpid())
    assert kill_renderers(os.getpid()) == 1
    assert _frames(painted) == whole
    assert len(renderers_of(os.getpid())) == 1
    assert renderers_of(os.getpid()) != before


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV])
def test_renderer_killed_while_it_draws_is_replaced(painted: RenderedWorld, number: signal.Signals) -> None:
    whole, draw = _frames(painted), random.Random(number)
    for _ in range(2):
        killer = threading.Timer(draw.uniform(0, 0.02), kill_renderers, [os.getpid(), number])
        killer.start()
        assert _frames(painted) == whole
        killer.join()
        assert _frames(painted) == whole  # it may have died after its last picture


def test_renderer_that_does_not_answer_is_replaced(painted: RenderedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, start = _frames(painted), DrawClient._start
    monkeypatch.setattr(draw_process, "ANSWER_S", 0.2)

    def patient(client: DrawClient) -> draw_process.DrawProcess:
        monkeypatch.setattr(draw_process, "ANSWER_S", 60.0)
        return start(client)

    monkeypatch.setattr(DrawClient, "_start", patient)
    kill_renderers(os.getpid(), signal.SIGSTOP)
    assert _frames(painted) == whole
    assert len(renderers_of(os.getpid())) == 1


def test_renderer_that_dies_twice_is_an_error_of_one_line(
    painted: RenderedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, ask = _frames(painted), draw_process.DrawProcess.ask

    def die(process: draw_process.DrawProcess, request: object) -> object:
        if not isinstance(request, SceneSetting):
            process.kill()
        return ask(process, request)  # pyright: ignore[reportArgumentType]

    with monkeypatch.context() as dying:
        dying.setattr(draw_process.DrawProcess, "ask", die)
        with pytest.raises(
            NodeError,
            match=r"^world: the renderer's process died 2 times while a/b at 0\.3 s was drawn: it was killed by SIGKILL; "
            r"expected it to live: free memory .*$",
        ):
            painted.frame("a/b", STEP_NS)
    assert _frames(painted) == whole  # the next request starts afresh


def test_renderer_that_cannot_start_is_an_error_of_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho one >&2\necho 'no panda' >&2\nexit 3\n")
    broken.chmod(0o755)
    for executable, why in ((broken, r"it ended with status 3 \(no panda\)"), (tmp_path / "none", "No such file")):
        monkeypatch.setattr(draw_process.sys, "executable", str(executable))
        with pytest.raises(NodeError, match=rf"while the scene 'field' of seed 7 was built: .*{why}.*; expected"):
            world.open_world(SCENE, {"a/b": CAMERA}, seed=7)


def test_error_in_drawing_says_where_it_was_raised(painted: RenderedWorld) -> None:
    del painted
    renderer = DrawClient(1)
    with pytest.raises(TypeError) as raised:
        renderer.build(SceneSetting("field", None))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert "painted_scene.py" in raised.value.__notes__[0]
    renderer.close()


def test_many_threads_get_their_own_pictures(painted: RenderedWorld) -> None:
    whole = _frames(painted)
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(_frames(painted))) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [whole] * 6


def test_closing_ends_a_request_that_waits(painted: RenderedWorld) -> None:
    assert kill_renderers(os.getpid(), signal.SIGSTOP) == 1
    caught: list[BaseException] = []

    def draw() -> None:
        try:
            painted.frame("a/b", 0)
        except NodeError as error:
            caught.append(error)

    waiting = threading.Thread(target=draw)
    waiting.start()
    painted.close()
    waiting.join(10)
    assert "the renderer was closed" in str(caught[0])
    assert renderers_of(os.getpid()) == []
    with pytest.raises(NodeError, match="the renderer was closed"):
        painted.frame("a/b", 0)


def test_interrupted_request_leaves_no_answer_behind(painted: RenderedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, ask = _frames(painted), draw_process.DrawProcess.ask

    def interrupted(process: draw_process.DrawProcess, request: object) -> object:
        process._pipe.send(request)
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(draw_process.DrawProcess, "ask", interrupted)
        with pytest.raises(KeyboardInterrupt):
            painted.frame("a/b", 0)
    assert draw_process.DrawProcess.ask is ask
    assert _frames(painted) == whole


def test_forked_process_draws_with_a_renderer_of_its_own(painted: RenderedWorld) -> None:
    whole = _frames(painted)
    mine = renderers_of(os.getpid())
    code = f"""{OWNER}
import multiprocessing
def draw(queue):
    queue.put(opened.frame("a/b", {STEP_NS}).tobytes())
context = multiprocessing.get_context("fork")
queue = context.SimpleQueue()
child = context.Process(target=draw, args=(queue,))
child.start()
picture = queue.get()
child.join()
assert child.exitcode == 0
assert picture == opened.frame("a/b", {STEP_NS}).tobytes()
"""
    drawn = start_python(code)
    assert (*drawn.communicate(timeout=60), drawn.returncode) == ("", "", 0)
    assert renderers_of(os.getpid()) == mine
    assert _frames(painted) == whole
    assert multiprocessing.active_children() == []


ENDS = {
    "normal": ("", 0),
    "error": ("sys.stderr = None; raise SystemExit(3)", 3),
    "at once": ("os._exit(4)", 4),
    "SIGINT": ("signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), 2)", -2),
    "SIGTERM": ("os.kill(os.getpid(), 15)", -15),
    "SIGKILL": ("os.kill(os.getpid(), 9)", -9),
    "SIGKILL, renderer stopped": ("os.kill(renderer, 19); os.kill(os.getpid(), 9)", -9),
}


@pytest.mark.parametrize("end", ENDS)
def test_renderer_ends_with_its_owner_and_leaves_nothing(end: str) -> None:
    last, status = ENDS[end]
    shared = _shared_memory()
    find = "from support.render_processes import renderers_of\n[renderer] = renderers_of(os.getpid())\n"
    owner = start_python(f"{OWNER}{find}print(renderer, flush=True)\n{last}")
    said, complaints = owner.communicate(timeout=60)
    assert (complaints, owner.returncode) == ("", status)
    wait_until(lambda: not Path(f"/proc/{int(said)}").exists(), 5)
    assert _shared_memory() <= shared


def test_renderer_ends_with_an_owner_killed_while_it_builds() -> None:
    owner = start_python(OWNER)
    wait_until(lambda: renderers_of(owner.pid))
    [renderer] = renderers_of(owner.pid)
    owner.kill()
    assert owner.communicate()[1] == ""
    wait_until(lambda: not Path(f"/proc/{renderer}").exists(), 5)


def test_worlds_that_are_forgotten_end_their_renderers(painted: RenderedWorld) -> None:
    painted.close()
    opened = _open()
    assert len(renderers_of(os.getpid())) == 1
    del opened
    wait_until(lambda: not renderers_of(os.getpid()), 5)


def test_memory_of_the_renderer_is_known_while_it_lives(painted: RenderedWorld) -> None:
    assert painted.peak_bytes > 10 << 20
    painted.close()
    assert painted.peak_bytes == 0
